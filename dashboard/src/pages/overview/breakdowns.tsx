import { useRef, useState } from "preact/hooks";
import { useResource } from "../../api/resource";
import type { Breakdown, BreakdownRow, Breakdowns as Answer, CallCounts } from "../../api/types";
import { listClass, Skeleton, Trouble } from "../../components/placeholders";
import { useNearViewport } from "../../components/use_near_viewport";
import { formatCount, formatPlural } from "../../format/numbers";
import { formatTitle, formatValue } from "../../format/labels";
import { callsBehind } from "./addresses";
import { breakdownPath, type Periods } from "./periods";
import { axisOf, FAINT_BELOW, formatBounds, formatHighMark, formatMark, formatPoints, formatShare } from "./shares";

const SHOWN = 6;
/** What calls are broken down by; the first one is as wide as the page. */
const DIMENSIONS: { by: string; title: string }[] = [
  { by: "browser_version", title: "Browser" },
  { by: "provider", title: "Network provider" },
  { by: "country", title: "Country" },
  { by: "region", title: "Region" },
  { by: "relay", title: "Path" },
  { by: "os", title: "System" },
  { by: "network", title: "Network" },
  { by: "app_version", title: "App version" },
  { by: "client_version", title: "Client version" },
  { by: "issue", title: "Issue" },
  { by: "meeting", title: "Worst meetings" },
  { by: "hour", title: "Hour of the day" },
];

/** The share of bad calls by what they have in common, against that of all. */
export function Breakdowns({ appId, periods, all }: { appId: string; periods: Periods; all: CallCounts }) {
  return (
    <section class="breakdowns" aria-labelledby="where-it-differs">
      <div class="section-head">
        <h2 id="where-it-differs">Where it differs</h2>
        <ul class="legend" aria-label="Marks of the tables">
          <li>
            <svg viewBox="0 0 14 14" aria-hidden="true">
              <rect x="3" y="3" width="8" height="8" rx="2" fill="var(--q-bad)" />
            </svg>
            {formatHighMark(all)}
          </li>
          <li>
            <svg viewBox="0 0 14 14" aria-hidden="true">
              <circle cx="7" cy="7" r="4.5" fill="var(--ink)" />
            </svg>
            no sure difference
          </li>
          <li>
            <svg viewBox="0 0 14 14" aria-hidden="true">
              <circle cx="7" cy="7" r="3.5" class="ghost" />
            </svg>
            the other period
          </li>
        </ul>
      </div>
      <div class="forests">
        {DIMENSIONS.map(({ by, title }) => (
          <OneBreakdown key={by} by={by} title={title} path={breakdownPath(appId, periods, by)} />
        ))}
      </div>
    </section>
  );
}

function OneBreakdown({ by, title, path }: { by: string; title: string; path: string }) {
  const box = useRef<HTMLDivElement>(null);
  const isNear = useNearViewport(box);
  const resource = useResource<Answer>(isNear ? path : null);
  const breakdown = resource.data?.breakdowns[0];
  return (
    <div ref={box} class={breakdown ? listClass(resource, "forest-box") : "forest-box"}>
      {breakdown ? (
        <Forest breakdown={breakdown} title={title} />
      ) : (
        <>
          <h3>{title}</h3>
          {isNear && !resource.error && <Skeleton lines={5} onStop={resource.stop} />}
        </>
      )}
      <Trouble resource={resource} key={by} />
    </div>
  );
}

function Forest({ breakdown, title }: { breakdown: Breakdown; title: string }) {
  const [isWhole, setIsWhole] = useState(false);
  const rows = orderedRows(breakdown);
  const isByHour = breakdown.by === "hour";
  const shown = isWhole || isByHour ? rows : rows.slice(0, SHOWN);
  const marks = axisOf(shown.flatMap((row) => [row.calls, row.other_calls]), 3, breakdown.all.share?.percent);
  const hidden = rows.length - shown.length;
  if (!rows.length) {
    return (
      <>
        <h3>{title}</h3>
        <p class="faint">{nothingKnown(breakdown.by)}</p>
      </>
    );
  }
  return (
    <>
      <table class="forest">
        <caption class="unseen">Bad calls by {title.toLowerCase()}</caption>
        <thead>
          <tr>
            <th scope="col">{title}</th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col" class="number">
              Bad
            </th>
            <th scope="col" class="dots">
              <span class="unseen">Share and its interval</span>
              <Axis marks={marks} />
            </th>
            <th scope="col" class="number">
              Share, 95 %
            </th>
            <th scope="col" class="number" title="Difference to the other period, in points">
              Points
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <Row key={row.value} row={row} by={breakdown.by} breakdown={breakdown} top={marks.at(-1) ?? 1} />
          ))}
        </tbody>
      </table>
      {(hidden > 0 || (isWhole && rows.length > SHOWN)) && (
        <button type="button" class="link" aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? "Show fewer" : `Show ${formatCount(hidden)} more`}
        </button>
      )}
      {isWhole && breakdown.left_out > 0 && (
        <p class="faint">{formatPlural(breakdown.left_out, "more value")} with lower shares are not listed.</p>
      )}
    </>
  );
}

/** Hours follow each other; all else stands in the order of the server. */
function orderedRows({ by, rows }: Breakdown): BreakdownRow[] {
  return by === "hour" ? [...rows].sort((one, other) => Number(one.value) - Number(other.value)) : rows;
}

function nothingKnown(by: string): string {
  switch (by) {
    case "app_version":
      return "No client names its version: the collector takes it as describe: { application: { name, version } }.";
    case "provider":
    case "region":
      return "Not known: the server has no data on addresses, or they are not kept.";
    case "issue":
      return "No call had an issue.";
    case "meeting":
      return "No meeting had a bad call.";
    default:
      return "Nothing is known of the calls of this period.";
  }
}

function Axis({ marks }: { marks: number[] }) {
  const top = marks.at(-1) ?? 1;
  return (
    <div class="axis" aria-hidden="true">
      {marks.map((mark) => (
        <span key={mark} style={{ left: `${(100 * mark) / top}%` }}>
          {formatMark(mark)}
        </span>
      ))}
    </div>
  );
}

function Row(props: { row: BreakdownRow; by: string; breakdown: Breakdown; top: number }) {
  const { row, by, breakdown, top } = props;
  const { calls, difference } = row;
  const name = nameOf(by, row);
  const filter = by === "meeting" ? { ...row.filter, meeting_id_name: name } : row.filter;
  const all = callsBehind(filter, "measured");
  return (
    <tr class={calls.measured_participants < FAINT_BELOW ? "few" : undefined}>
      <th scope="row">
        <a href={all} title={name}>
          <bdi>{name}</bdi>
        </a>
      </th>
      <td class="number">
        <a href={all} aria-label={`${name}: ${formatPlural(calls.measured_participants, "call")}`}>
          {formatCount(calls.measured_participants)}
        </a>
      </td>
      <td class="number">
        <a
          href={callsBehind(filter, "bad")}
          title={`Exactly these ${formatPlural(calls.bad_participants, "call")}`}
          aria-label={`${name}: ${formatPlural(calls.bad_participants, "bad call")}`}
        >
          {formatCount(calls.bad_participants)}
        </a>
      </td>
      <td class="dots">
        <Dots row={row} breakdown={breakdown} top={top} />
      </td>
      {calls.share ? (
        <td class="number share-figures">
          {formatShare(calls)} <span class="faint">{formatBounds(calls)}</span>
        </td>
      ) : (
        <td class="number share-figures faint">too few to say</td>
      )}
      <td class="number">
        {difference ? (
          difference.is_certain ? (
            <b title="More than chance: 95 % sure">{formatPoints(difference.points)}</b>
          ) : (
            formatPoints(difference.points)
          )
        ) : (
          <span class="faint">{row.other_calls.measured_participants ? "–" : "new"}</span>
        )}
      </td>
    </tr>
  );
}

function nameOf(by: string, row: BreakdownRow): string {
  if (by === "meeting") return formatTitle({ title: row.title });
  return formatValue(by, row.value);
}

function Dots({ row, breakdown, top }: { row: BreakdownRow; breakdown: Breakdown; top: number }) {
  const at = (percent: number): string => `${Math.min(100, (100 * percent) / top)}%`;
  const { share } = row.calls;
  const before = row.other_calls.share;
  return (
    <div class="forest-row" aria-hidden="true">
      {breakdown.all.share && <u style={{ left: at(breakdown.all.share.percent) }} />}
      {share && (
        <s
          class={share.high > top ? "cut-off" : undefined}
          style={{ left: at(share.low), width: `calc(${at(share.high)} - ${at(share.low)})` }}
        />
      )}
      {before && before.percent <= top && <em style={{ left: at(before.percent) }} />}
      {share && <b class={row.is_high ? "high" : undefined} style={{ left: at(share.percent) }} />}
    </div>
  );
}
