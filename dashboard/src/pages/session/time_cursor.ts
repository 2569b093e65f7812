/** The one moment that all lanes, charts and lists of a page point at. */

import { computed, signal } from "@preact/signals";
import { goQuery, place } from "../../route";

/** Where the pointer is. */
const hovered = signal<number | null>(null);
/** What was clicked, and stands in the address. */
const pinned = computed<number | null>(() => {
  const given = Number(place.value.query.get("at") || Number.NaN);
  return Number.isFinite(given) ? given : null;
});
/** Whether the pointer is over a list: then the list need not follow. */
export const isInList = signal(false);

/** The moment in milliseconds since 1970, or `null`. */
export const cursor = computed<number | null>(() => hovered.value ?? pinned.value);
export { pinned };

export function point(at: number | null, fromList = false): void {
  isInList.value = fromList && at !== null;
  hovered.value = at === null ? null : Math.round(at);
}

/** Keeps the moment in the address; `null` lets it go. */
export function pin(at: number | null): void {
  goQuery({ at: at === null ? null : String(Math.round(at)) }, true);
}
