import type { Overview, OverviewSpan } from "../../api/types";
import { now } from "../../clock";
import { formatCount, formatPlural } from "../../format/numbers";
import { formatZone } from "../../format/zone";
import { callsBehind } from "./addresses";
import { formatDays } from "./periods";
import { axisOf, formatMark, formatShare } from "./shares";

const HEIGHT = 168;
const VOLUME_HEIGHT = 40;
const MOST_LABELS = 14;
const WIDTH = 1000;

/** The share of bad calls of each day or week, its interval, and the same of the other period. */
export function ShareChart({ overview }: { overview: Overview }) {
  const { spans } = overview.this;
  const others = overview.other.spans;
  const places = Math.max(spans.length, others.length);
  const marks = axisOf([...spans, ...others].map((span) => span.calls), 5);
  const top = marks.at(-1) ?? 1;
  const x = (place: number): number => ((place + 0.5) / places) * WIDTH;
  const y = (percent: number): number => HEIGHT * (1 - Math.min(percent, top) / top);
  const isByDay = overview.span === "day";
  return (
    <section class="shares" aria-label={isByDay ? "By day" : "By week"}>
      <div class="section-head">
        <h2>Share of bad calls, {isByDay ? "day by day" : "seven days each"}</h2>
        <Legend />
        <span class="faint">Days in {formatZone(now.peek())}</span>
      </div>
      <div class="share-chart">
        <div class="marks" style={{ height: `${HEIGHT}px` }} aria-hidden="true">
          {marks.map((mark) => (
            <span key={mark} style={{ top: `${y(mark)}px` }}>
              {formatMark(mark)}
            </span>
          ))}
        </div>
        <div class="plot" style={{ height: `${HEIGHT}px` }}>
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            {marks.map((mark) => (
              <path key={mark} class="mark" d={`M0 ${y(mark)}H${WIDTH}`} />
            ))}
            <path class="ghost" d={lineOf(others, x, y)} />
            {spans.map(({ calls }, place) =>
              calls.share ? (
                <path
                  key={place}
                  class="interval"
                  d={`M${x(place)} ${y(calls.share.low)}V${y(calls.share.high)}`}
                />
              ) : null,
            )}
          </svg>
          {spans.map((span, place) => (
            <Dot key={span.from} span={span} left={x(place)} top={span.calls.share && y(span.calls.share.percent)} />
          ))}
        </div>
        <Volumes spans={spans} others={others} x={x} width={WIDTH / places} />
        <span />
        <Labels spans={spans} x={x} isByDay={isByDay} />
      </div>
    </section>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label="Marks of the chart">
      <li>
        <svg viewBox="0 0 14 14" aria-hidden="true">
          <path d="M7 1v12" class="interval" />
          <circle cx="7" cy="7" r="4" fill="var(--ink)" />
        </svg>
        this period, 95 % interval
      </li>
      <li>
        <svg viewBox="0 0 14 14" aria-hidden="true">
          <path d="M0 7h14" class="ghost" />
        </svg>
        the other period
      </li>
      <li>
        <svg viewBox="0 0 14 14" aria-hidden="true">
          <rect x="3" y="4" width="8" height="9" fill="var(--line-2)" />
        </svg>
        calls
      </li>
    </ul>
  );
}

/** The line through the shares; interrupted where there were too few calls. */
function lineOf(spans: readonly OverviewSpan[], x: (place: number) => number, y: (percent: number) => number): string {
  let isDrawing = false;
  const parts = spans.map(({ calls }, place) => {
    const command = isDrawing ? "L" : "M";
    isDrawing = calls.share !== null;
    if (!calls.share) return "";
    const isAlone = command === "M" && !spans[place + 1]?.calls.share;
    // One share alone is a short line.
    return `${command}${x(place)} ${y(calls.share.percent)}${isAlone ? "h6" : ""}`;
  });
  return parts.join("");
}

function nameOf(span: OverviewSpan): string {
  return formatDays(span, now.peek());
}

function Dot({ span, left, top }: { span: OverviewSpan; left: number; top: number | null }) {
  if (top === null) return null;
  const { bad_participants, measured_participants } = span.calls;
  const text =
    `${nameOf(span)}: ${formatCount(bad_participants)} of ` +
    `${formatPlural(measured_participants, "call")} bad, ${formatShare(span.calls)}`;
  return (
    <a
      class="dot"
      href={callsBehind(span.filter, "bad")}
      title={text}
      style={{ left: `${(100 * left) / WIDTH}%`, top: `${top}px` }}
    >
      <span class="unseen">{text}</span>
    </a>
  );
}

function Volumes(props: {
  spans: readonly OverviewSpan[];
  others: readonly OverviewSpan[];
  x: (place: number) => number;
  width: number;
}) {
  const { spans, others, x, width } = props;
  const callsOf = (span: OverviewSpan): number => span.calls.measured_participants;
  const most = Math.max(1, ...spans.map(callsOf), ...others.map(callsOf));
  const height = (span: OverviewSpan): number => (VOLUME_HEIGHT * callsOf(span)) / most;
  const bar = Math.min(28, width * 0.6);
  return (
    <>
      <div class="marks" aria-hidden="true" style={{ height: `${VOLUME_HEIGHT}px` }}>
        <span style={{ top: "6px" }}>{formatCount(most)}</span>
        <span style={{ top: `${VOLUME_HEIGHT}px` }}>calls</span>
      </div>
      <div class="plot volumes" style={{ height: `${VOLUME_HEIGHT}px` }}>
        <svg viewBox={`0 0 ${WIDTH} ${VOLUME_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {others.map((span, place) => (
            <rect
              key={span.from}
              class="ghost"
              x={x(place) - 0.7 * bar}
              width={1.4 * bar}
              y={VOLUME_HEIGHT - height(span)}
              height={height(span)}
            />
          ))}
        </svg>
        {spans.map((span, place) => {
          const few = span.calls.share === null && callsOf(span) > 0 ? ", too few to say how many are bad" : "";
          const text = `${nameOf(span)}: ${formatPlural(callsOf(span), "call")}${few}`;
          return callsOf(span) ? (
            <a
              key={span.from}
              href={callsBehind(span.filter, "measured")}
              title={text}
              style={{
                left: `${(100 * (x(place) - bar / 2)) / WIDTH}%`,
                width: `${(100 * bar) / WIDTH}%`,
                height: `${Math.max(2, height(span))}px`,
              }}
            >
              <span class="unseen">{text}</span>
            </a>
          ) : null;
        })}
      </div>
    </>
  );
}

const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", timeZone: "UTC" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

function Labels(props: { spans: readonly OverviewSpan[]; x: (place: number) => number; isByDay: boolean }) {
  const { spans, x, isByDay } = props;
  const every = Math.ceil(spans.length / MOST_LABELS);
  const style = isByDay && spans.length <= MOST_LABELS ? weekday : date;
  return (
    <div class="labels" aria-hidden="true">
      {spans.map((span, place) =>
        place % every === 0 ? (
          <span
            key={span.from}
            class={place % (4 * every) === 0 ? undefined : "wide-only"}
            style={{ left: `${(100 * x(place)) / WIDTH}%` }}
          >
            {style.format(Date.parse(span.from))}
          </span>
        ) : null,
      )}
    </div>
  );
}
