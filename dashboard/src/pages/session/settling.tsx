import type { SessionPage } from "../../api/types";
import { now } from "../../clock";
import { formatTimeWithSeconds } from "../../format/time";
import { formatZone } from "../../format/zone";

/** After the end, until the last reports are counted. */
export function Settling({ page }: { page: SessionPage }) {
  const { settles_at, call } = page;
  if (call.ended_at === null || settles_at === null) return null;
  const length = Math.max(1, settles_at - call.ended_at);
  const share = Math.min(0.95, Math.max(0.05, (now.value - call.ended_at) / length));
  const isDue = now.value >= settles_at;
  return (
    <p class="settling" role="status">
      <span class="settling-bar" aria-hidden="true">
        <i style={{ width: `${100 * share}%` }} />
      </span>
      <span>
        <strong>Settling.</strong> Ended at {formatTimeWithSeconds(call.ended_at)} {formatZone(call.ended_at)}. The last
        reports are being counted{isDue ? "" : ` until about ${formatTimeWithSeconds(settles_at)}`}; figures and causes may
        still change.
      </span>
    </p>
  );
}
