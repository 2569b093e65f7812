import { now } from "../clock";
import { formatFullZone } from "../format/zone";

/** The zone of a page's times: `times in CET (UTC+1)`. */
export function ZoneNote() {
  return <span class="zone-note">times in {formatFullZone(now.peek())}</span>;
}
