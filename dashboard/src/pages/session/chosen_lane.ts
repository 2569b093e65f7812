/** The person as whom a session is seen, and how an address names that person. */

import type { ParticipantTimeline } from "../../api/types";
import { laneOf } from "./stays";

/** The person that the address names, by the key of a person, of a participant or of a connection. */
export function chosenLane(lanes: readonly ParticipantTimeline[], wanted: string | null): ParticipantTimeline | null {
  if (!wanted) return null;
  return (
    laneOf(lanes, wanted) ??
    lanes.find((lane) => lane.person === wanted) ??
    lanes.find((lane) => lane.peers.some((peer) => peer.id === wanted)) ??
    null
  );
}

/** How an address names a person: by the key that other sessions share, if it is unique here. */
export function personOf(lane: ParticipantTimeline, lanes: readonly ParticipantTimeline[]): string {
  const isShared = lanes.some((other) => other !== lane && other.person === lane.person);
  return isShared ? lane.participant_id : lane.person;
}
