import type { Day } from "../../api/types";
import { shareOf, formatPlural, formatMinutes, formatPercent } from "../../format/numbers";
import { formatUtcDate } from "../../format/time";
import { sessionsAddress } from "../sessions/filters";

const LABELS = 8;

/** Sessions a day as bars, and below each the share of bad calls. */
export function DayChart({ days }: { days: Day[] }) {
  const most = Math.max(1, ...days.map((day) => day.sessions));
  const every = Math.max(1, Math.ceil(days.length / LABELS));
  return (
    <section class="box" aria-label="By day">
      <h2>
        By day <span class="faint">sessions above, share of bad calls below</span>
      </h2>
      <ol class="days-chart">
        {days.map((day, index) => (
          <DayBar
            key={day.day}
            day={day}
            share={day.sessions / most}
            label={index % every === 0 ? formatUtcDate(day.day) : null}
            isMinor={index % (2 * every) !== 0}
          />
        ))}
      </ol>
      <div class="days-ends faint">
        <span>most on a day: {formatPlural(most, "session")}</span>
      </div>
    </section>
  );
}

function DayBar(props: { day: Day; share: number; label: string | null; isMinor: boolean }) {
  const { day, share, label } = props;
  const bad = shareOf(day.bad_participants, day.measured_participants);
  const summary =
    `${formatUtcDate(day.day)}: ${formatPlural(day.sessions, "session")}, ` +
    `${formatMinutes(day.minutes)} minutes, ${formatPlural(day.people, "person", "people")}, ` +
    `${bad === null ? "nothing measured" : `${formatPercent(bad)} of calls bad`}`;
  return (
    <li>
      <a href={sessionsAddress(day.filter)} title={summary} aria-label={summary}>
        <span class="up">
          <span class="bar" style={{ height: `${100 * share}%` }} />
        </span>
        <span class="down">
          <span class="bar bad" style={{ height: `${bad ?? 0}%` }} />
        </span>
      </a>
      {label && (
        <span class={props.isMinor ? "day-label wide-only" : "day-label"} aria-hidden="true">
          {label}
        </span>
      )}
    </li>
  );
}
