import { now } from "../clock";
import { formatDate, formatTime } from "../format/time";
import { formatFullZone } from "../format/zone";

/** On paper: from which server, and as of when. */
export function PrintFoot() {
  const at = now.value;
  return (
    <p class="print-foot">
      Aftercall · {location.host} · printed {formatDate(at, at)}, {formatTime(at)} {formatFullZone(at)}
    </p>
  );
}
