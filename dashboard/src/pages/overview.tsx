import { withQuery } from "../api/request";
import { useResource } from "../api/resource";
import type { Overview, Totals } from "../api/types";
import { now } from "../clock";
import { Skeleton, Trouble } from "../components/placeholders";
import { goQuery, place } from "../route";
import { useTitle } from "../title";
import { shareOf, formatCount, formatPlural, formatMinutes, formatPercent } from "../format/numbers";
import { DAY_MS } from "../format/time";
import { Breakdowns, WorstMeetings } from "./overview/breakdowns";
import { DayChart } from "./overview/days";
import { sessionsAddress } from "./sessions/filters";

const RANGES = [7, 30, 90, 365] as const;
const DEFAULT_RANGE = 30;

/** The sums of recent days; every number links to the list behind it. */
export function OverviewPage({ appId }: { appId: string }) {
  const range = Number(place.value.query.get("days") ?? DEFAULT_RANGE) || DEFAULT_RANGE;
  const from = new Date(now.peek() - (range - 1) * DAY_MS).toISOString().slice(0, 10);
  const resource = useResource<Overview>(
    withQuery(`/v1/apps/${encodeURIComponent(appId)}/overview`, { from }),
  );
  const { data } = resource;
  useTitle("Overview");
  return (
    <div class="page">
      <div class="page-head">
        <h1>Overview</h1>
        <div class="segments" role="group" aria-label="Time">
          {RANGES.map((days) => (
            <button
              key={days}
              type="button"
              aria-pressed={days === range}
              onClick={() => goQuery({ days: days === DEFAULT_RANGE ? null : String(days) })}
            >
              {days} days
            </button>
          ))}
        </div>
        <p class="faint">Days in UTC; live sessions count as sessions only</p>
      </div>
      <Trouble resource={resource} />
      {data ? (
        <div class={resource.isCurrent ? "overview" : "overview list stale"}>
          <Totals totals={data.totals} />
          <DayChart days={data.days} />
          <WorstMeetings meetings={data.worst_meetings} />
          <Breakdowns breakdowns={data.breakdowns} />
        </div>
      ) : (
        !resource.error && <Skeleton lines={12} isTall onStop={resource.stop} />
      )}
    </div>
  );
}

function Totals({ totals }: { totals: Totals }) {
  const bad = shareOf(totals.bad_participants, totals.measured_participants);
  const all = sessionsAddress(totals.filter);
  const onlyBad = sessionsAddress({ ...totals.filter, bad: "true" });
  return (
    <ul class="totals" aria-label="Totals">
      <Total value={formatCount(totals.sessions)} name="sessions" address={all} />
      <Total value={formatMinutes(totals.minutes)} name="participant minutes" address={all} />
      <Total value={formatCount(totals.people)} name="people" address="/people" />
      <Total
        value={formatPercent(bad)}
        name={`of ${formatPlural(totals.measured_participants, "measured call")} were bad`}
        address={onlyBad}
        isBad={totals.bad_participants > 0}
      />
      <Total
        value={formatCount(totals.bad_sessions)}
        name="sessions with a bad call"
        address={onlyBad}
        isBad={totals.bad_sessions > 0}
      />
    </ul>
  );
}

function Total(props: { value: string; name: string; address: string; isBad?: boolean }) {
  return (
    <li>
      <a href={props.address}>
        <b class={props.isBad ? "bad-number" : undefined}>{props.value}</b>
        <span>{props.name}</span>
      </a>
    </li>
  );
}
