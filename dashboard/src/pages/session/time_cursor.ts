/** The time at which all timelines, charts and lists of a page have their cursor. */

import { computed, signal } from "@preact/signals";
import { goQuery, parameter } from "../../route";

/** A time in an address: ms since 1970, or as ISO 8601 with its zone, as copied links have it. */
function readMoment(text: string | null): number | null {
  const at = text === null || text === "" ? Number.NaN : /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(at) ? at : null;
}

/** The time at the pointer. */
const hovered = signal<number | null>(null);
/** The pinned time, which is in the address. */
const pinned = computed<number | null>(() => {
  return readMoment(parameter("at").value);
});
/** Whether the pointer is over a list, which then does not follow. */
export const isInList = signal(false);

/** The cursor in milliseconds since 1970, or `null`. */
export const cursor = computed<number | null>(() => hovered.value ?? pinned.value);
export { pinned };

/** Whether the pointer is over a track or a list. */
export function isPointing(): boolean {
  return hovered.peek() !== null;
}

export function point(at: number | null, fromList = false): void {
  isInList.value = fromList && at !== null;
  hovered.value = at === null ? null : Math.round(at);
}

/** Puts the cursor into the address; `null` removes it. */
export function pin(at: number | null): void {
  goQuery({ at: at === null ? null : String(Math.round(at)) }, true);
}
