/** The time at which all timelines, charts and lists of a page have their cursor. */

import { computed, signal } from "@preact/signals";
import { goQuery, place } from "../../route";

/** The time at the pointer. */
const hovered = signal<number | null>(null);
/** The pinned time, which is in the address. */
const pinned = computed<number | null>(() => {
  const given = Number(place.value.query.get("at") || Number.NaN);
  return Number.isFinite(given) ? given : null;
});
/** Whether the pointer is over a list, which then does not follow. */
export const isInList = signal(false);

/** The cursor in milliseconds since 1970, or `null`. */
export const cursor = computed<number | null>(() => hovered.value ?? pinned.value);
export { pinned };

export function point(at: number | null, fromList = false): void {
  isInList.value = fromList && at !== null;
  hovered.value = at === null ? null : Math.round(at);
}

/** Puts the cursor into the address; `null` removes it. */
export function pin(at: number | null): void {
  goQuery({ at: at === null ? null : String(Math.round(at)) }, true);
}
