/** How a participant's connections came about and broke, as a small sequence of words. */

import type { CallEvent, CandidatePairText } from "../../api/types";
import { formatDuration, formatTimeWithSeconds } from "../../format/time";

export interface Step {
  at: number;
  text: string;
  isTrouble: boolean;
}

const SECOND_MS = 1_000;

/** `offer, answer, 3 candidate pairs, connected after 1.4 s`, and what came later. */
export function connectingSteps(events: readonly CallEvent[], pairs: readonly CandidatePairText[]): Step[] {
  const steps: Step[] = [];
  const connected = new Set<string>();
  let begunAt: number | null = null;
  let brokenAt: number | null = null;
  for (const event of events) {
    const state = event.data.state;
    const peer = `${event.peer_id}`;
    if (event.name === "joined") begunAt = event.at;
    else if (event.name === "signaling_state") addSignalling(steps, event.at, state);
    else if (event.name === "ice_restart") steps.push({ at: event.at, text: "ICE restart", isTrouble: true });
    else if (event.name === "ice_connection_state" || event.name === "connection_state") {
      if (state === "connected" || state === "completed") {
        if (!connected.has(peer)) {
          if (pairs.length > 1) steps.push({ at: event.at, text: `${pairs.length} candidate pairs`, isTrouble: false });
          const since = begunAt === null ? "" : ` after ${formatShort(event.at - begunAt)}`;
          steps.push({ at: event.at, text: `connected${since}`, isTrouble: false });
          connected.add(peer);
        } else if (brokenAt !== null) {
          steps.push({ at: event.at, text: `connected again after ${formatShort(event.at - brokenAt)}`, isTrouble: false });
        }
        brokenAt = null;
      } else if ((state === "disconnected" || state === "failed") && steps.at(-1)?.text.split(" ")[0] !== state) {
        brokenAt ??= event.at;
        steps.push({ at: event.at, text: `${state} at ${formatTimeWithSeconds(event.at)}`, isTrouble: true });
      }
    }
  }
  return steps;
}

/** An offer and its answer, by the states of RTCPeerConnection. */
function addSignalling(steps: Step[], at: number, state: unknown): void {
  if (state === "have-local-offer" || state === "have-remote-offer") {
    steps.push({ at, text: "offer", isTrouble: false });
  } else if (state === "stable" && steps.at(-1)?.text === "offer") {
    steps.push({ at, text: "answer", isTrouble: false });
  }
}

function formatShort(length_ms: number): string {
  if (length_ms >= 60 * SECOND_MS) return formatDuration(length_ms);
  return `${(Math.max(0, length_ms) / SECOND_MS).toFixed(1)}\u00a0s`;
}
