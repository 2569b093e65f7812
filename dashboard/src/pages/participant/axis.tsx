import { useRef } from "preact/hooks";
import { useWidth } from "../../components/use_width";
import { formatTime, formatTimeWithSeconds } from "../../format/time";
import { formatZone } from "../../format/zone";
import { cursor, pin, pinned } from "../session/time_cursor";
import { shareAt, ticksWithin, type Scale } from "../session/time_scale";

const STEPS = 200;
const FAST = 10;
const TICK_WIDTH = 90;

/** The page's time axis: the ticks, the moment, and the keys that move it. */
export function TimeAxis({ scale }: { scale: Scale }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const at = cursor.value;
  const here = Math.min(scale.to_at, Math.max(scale.from_at, pinned.value ?? scale.from_at));
  const press = (event: KeyboardEvent): void => {
    const steps = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape" && pinned.value !== null) pin(null);
    if (steps === undefined) return;
    event.preventDefault();
    const step = ((scale.to_at - scale.from_at) / STEPS) * (event.shiftKey ? FAST : 1);
    pin(Math.min(scale.to_at, Math.max(scale.from_at, here + steps * step)));
  };
  const share = at === null ? null : shareAt(scale, at);
  return (
    <div class="peer-axis">
      <span class="faint">Issues</span>
      <div
        ref={box}
        class="peer-ticks"
        role="slider"
        tabIndex={0}
        aria-label="Moment"
        aria-valuemin={0}
        aria-valuemax={Math.round((scale.to_at - scale.from_at) / 1000)}
        aria-valuenow={Math.round((here - scale.from_at) / 1000)}
        aria-valuetext={`${formatTimeWithSeconds(here)} ${formatZone(here)}`}
        onKeyDown={press}
      >
        {width > 0 &&
          ticksWithin(scale, width, TICK_WIDTH).map((tick) => (
            <span key={tick.at} aria-hidden="true" style={{ left: `${100 * shareAt(scale, tick.at)}%` }}>
              {tick.hasSeconds ? formatTimeWithSeconds(tick.at) : formatTime(tick.at)}
            </span>
          ))}
        {at !== null && share !== null && share >= 0 && share <= 1 && (
          <b class="cursor-time" style={{ left: `${100 * share}%` }}>
            {formatTimeWithSeconds(at)}
          </b>
        )}
      </div>
    </div>
  );
}
