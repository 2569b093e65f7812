import type { ComponentChildren } from "preact";
import type { Overview, OverviewPeriod } from "../../api/types";
import { formatCount, formatMinutes, formatPlural } from "../../format/numbers";
import { sessionsAddress } from "../sessions/filters";
import { callsBehind } from "./addresses";
import { formatComparison, formatPoints, formatShare } from "./shares";

/** What the period comes to, each number beside that of the other period. */
export function Headline({ overview }: { overview: Overview }) {
  const { this: own, other } = overview;
  const { people, minutes } = own;
  if (people === null || minutes === null) return <FilteredHeadline overview={overview} />;
  const all = sessionsAddress(own.filter);
  return (
    <dl class="headline">
      <BadCalls overview={overview} />
      <Figure name="Sessions" value={formatCount(own.sessions)} address={all}>
        {formatChange(own.sessions, other.sessions, formatCount)}
      </Figure>
      <Figure name="People" value={formatCount(people)} address={sessionsAddress(own.people_filter)}>
        {formatChange(people, other.people ?? 0, formatCount)}
        {overview.zone !== "UTC" && ", days in UTC"}
      </Figure>
      <Figure name="Person-minutes" value={formatMinutes(minutes)} address={all}>
        {formatRelative(minutes, other.minutes ?? 0)}
      </Figure>
    </dl>
  );
}

/** People and minutes are counted of all calls only. */
function FilteredHeadline({ overview }: { overview: Overview }) {
  const { this: own, other } = overview;
  return (
    <dl class="headline">
      <BadCalls overview={overview} />
      <Figure
        name="Measured calls"
        value={formatCount(own.calls.measured_participants)}
        address={callsBehind(own.filter, "measured")}
      >
        {formatChange(own.calls.measured_participants, other.calls.measured_participants, formatCount)}
      </Figure>
      <Figure
        name="Sessions with such calls"
        value={formatCount(own.sessions)}
        address={callsBehind(own.filter, "measured")}
      >
        {formatChange(own.sessions, other.sessions, formatCount)}
      </Figure>
      <Figure
        name="Sessions with bad ones"
        value={formatCount(own.bad_sessions)}
        address={callsBehind(own.filter, "bad")}
      >
        {formatChange(own.bad_sessions, other.bad_sessions, formatCount)}
      </Figure>
    </dl>
  );
}

function BadCalls({ overview }: { overview: Overview }) {
  return (
    <div>
      <dt>Bad calls</dt>
      <BadShare period={overview.this} />
      <Comparison overview={overview} />
    </div>
  );
}

function BadShare({ period }: { period: OverviewPeriod }) {
  const { calls, filter } = period;
  const measured = (
    <a href={callsBehind(filter, "measured")}>
      {formatPlural(calls.measured_participants, "call")}
    </a>
  );
  const bad = callsBehind(filter, "bad");
  return (
    <dd class="big">
      {calls.share === null ? (
        <>
          <a href={bad}>{formatCount(calls.bad_participants)}</a> of {measured}
        </>
      ) : (
        <>
          <a href={bad} title={`Exactly these ${formatPlural(calls.bad_participants, "call")}`}>
            {formatShare(calls)}
          </a>{" "}
          of {measured}
        </>
      )}
    </dd>
  );
}

function Comparison({ overview }: { overview: Overview }) {
  const { text, verdict } = formatComparison(overview.this.calls, overview.other.calls, overview.difference);
  return (
    <dd>
      {text} {verdict && <b>{verdict}</b>}
    </dd>
  );
}

function Figure(props: { name: string; value: string; address: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class="big">
        <a href={props.address}>{props.value}</a>
      </dd>
      <dd>{props.children}</dd>
    </div>
  );
}

function formatChange(own: number, other: number, format: (count: number) => string): string {
  const change = own - other;
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  return `${sign}${format(Math.abs(change))} against ${format(other)}`;
}

function formatRelative(own: number, other: number): string {
  if (other === 0) return `against ${formatMinutes(other)}`;
  const percent = (100 * (own - other)) / other;
  return `${formatPoints(percent).replace(/[.,]\d$/, "")} % against ${formatMinutes(other)}`;
}
