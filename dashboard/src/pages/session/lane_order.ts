/** In which order a session's people are listed. */

import type { ParticipantTimeline } from "../../api/types";
import { isVisible } from "../../format/texts";

/** Rooms of more people have thin lanes for those who had no trouble. */
export const SMALL_ROOM = 12;
/** The people with a full row in a bigger room. */
const MOST_IN_FULL = 12;
/** Worse than any level that is known, and better: what was not judged comes after what was good. */
const UNJUDGED = 5;

export interface LaneGroups {
  /** With a row in full: the chosen person, then those who had trouble, the worst first. */
  full: ParticipantTimeline[];
  /** With a thin row. */
  thin: ParticipantTimeline[];
}

/** The worst first; of equals the worse figure, then who came first. Hidden ones are last. */
export function byRelevance(one: ParticipantTimeline, other: ParticipantTimeline): number {
  return (
    Number(one.is_hidden) - Number(other.is_hidden) ||
    (one.level || UNJUDGED) - (other.level || UNJUDGED) ||
    lowest(one) - lowest(other) ||
    one.joined_at - other.joined_at
  );
}

function lowest(lane: ParticipantTimeline): number {
  return Math.min(lane.p10_mos_audio ?? UNJUDGED, lane.p10_mos_video ?? UNJUDGED);
}

export function groupLanes(lanes: readonly ParticipantTimeline[], chosen: ParticipantTimeline | null): LaneGroups {
  const sorted = [...lanes].sort(
    (one, other) => Number(other === chosen) - Number(one === chosen) || byRelevance(one, other),
  );
  if (lanes.length <= SMALL_ROOM) return { full: sorted, thin: [] };
  const isInFull = (lane: ParticipantTimeline): boolean =>
    lane === chosen || (!lane.is_hidden && lane.level >= 1 && lane.level <= 3);
  const full = sorted.filter(isInFull).slice(0, MOST_IN_FULL);
  return { full, thin: sorted.filter((lane) => !full.includes(lane)) };
}

/** Without case, accents and apostrophes. */
function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\p{M}'\u2019`]/gu, "")
    .toLowerCase();
}

/** Those with a name, id or place in which a text occurs. */
export function findLanes(lanes: readonly ParticipantTimeline[], text: string): ParticipantTimeline[] {
  const wanted = fold(text.trim());
  if (!isVisible(wanted)) return [...lanes];
  return lanes.filter((lane) =>
    [lane.name, lane.custom_participant_id, lane.user_id, lane.participant_id].some(
      (value) => value !== null && fold(value).includes(wanted),
    ),
  );
}
