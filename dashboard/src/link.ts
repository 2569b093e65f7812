/** The link to what is on the screen, which names its time zone. */

import { zone, toIsoWithZone } from "./format/zone";
import { pinned } from "./pages/session/time_cursor";
import { ZONE_PARAMETER } from "./route";

export function linkToHere(): string {
  const url = new URL(location.href);
  url.searchParams.set(ZONE_PARAMETER, zone.peek());
  const at = pinned.peek();
  if (at !== null) url.searchParams.set("at", toIsoWithZone(at));
  return url.href;
}
