/** The choice of the time zone: in the address, kept for the next visit. */

import { effect } from "@preact/signals";
import { isZone, VIEWERS_ZONE, zone } from "./format/zone";
import { goQuery, place, ZONE_PARAMETER } from "./route";

const KEY = "aftercall.zone";

/** Follows the zone of the address; call once, before the first page. */
export function followZone(): void {
  const kept = readKept();
  if (kept !== null && !place.peek().query.has(ZONE_PARAMETER)) goQuery({ [ZONE_PARAMETER]: kept }, true);
  effect(() => {
    const wanted = place.value.query.get(ZONE_PARAMETER);
    zone.value = wanted && isZone(wanted) ? wanted : VIEWERS_ZONE;
  });
}

/** Shows times in a zone from now on; `null` is the viewer's own. */
export function chooseZone(name: string | null): void {
  try {
    if (name === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, name);
  } catch {
    // Then it holds for this visit only.
  }
  goQuery({ [ZONE_PARAMETER]: name }, true);
}

function readKept(): string | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept !== null && isZone(kept) ? kept : null;
  } catch {
    return null;
  }
}
