import type { Day } from "../../api/types";
import { shareOf, tellMany, tellMinutes, tellPercent } from "../../words/amounts";
import { tellUtcDay } from "../../words/moments";
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
            label={index % every === 0 ? tellUtcDay(day.day) : null}
            isMinor={index % (2 * every) !== 0}
          />
        ))}
      </ol>
      <div class="days-ends faint">
        <span>most on a day: {tellMany(most, "session")}</span>
      </div>
    </section>
  );
}

function DayBar(props: { day: Day; share: number; label: string | null; isMinor: boolean }) {
  const { day, share, label } = props;
  const bad = shareOf(day.bad_participants, day.measured_participants);
  const told =
    `${tellUtcDay(day.day)}: ${tellMany(day.sessions, "session")}, ` +
    `${tellMinutes(day.minutes)} minutes, ${tellMany(day.people, "person", "people")}, ` +
    `${bad === null ? "nothing measured" : `${tellPercent(bad)} of calls bad`}`;
  return (
    <li>
      <a href={sessionsAddress(day.filter)} title={told} aria-label={told}>
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
