import { useState } from "preact/hooks";
import { now } from "../../clock";
import { Icon } from "../../components/icon";
import { Popover } from "../../components/popover";
import { goQuery } from "../../route";
import {
  daysOf,
  DEFAULT_LENGTH,
  formatBefore,
  formatDays,
  LENGTHS,
  MOST_DAYS,
  moved,
  today,
  type Days,
  type Periods,
} from "./periods";

const NO_OTHER = { against_from: null, against_to: null };

/** The lengths that are one click away, the dates, and the period to compare with. */
export function PeriodChoice({ periods }: { periods: Periods }) {
  const at = now.peek();
  const dates = formatDays(periods.other, at);
  return (
    <div class="periods">
      <div class="segments" role="group" aria-label="Length of the period">
        {LENGTHS.map((length) => (
          <button
            key={length}
            type="button"
            aria-pressed={periods.length === length}
            onClick={() => chooseLength(length)}
          >
            {length} days
          </button>
        ))}
      </div>
      <Popover
        name="Period"
        isActive={periods.length === null}
        label={
          <>
            <Icon name="calendar" />
            {formatDays(periods.this, at)}
          </>
        }
      >
        {(close) => <ThisPeriod periods={periods} close={close} />}
      </Popover>
      <span class="faint">against</span>
      <Popover
        name="Period to compare with"
        isActive={!periods.isDirectlyBefore}
        label={periods.isDirectlyBefore ? `${formatBefore(periods)}, ${dates}` : dates}
      >
        {(close) => <OtherPeriod periods={periods} close={close} />}
      </Popover>
    </div>
  );
}

function chooseLength(length: number): void {
  goQuery({ days: length === DEFAULT_LENGTH ? null : String(length), from: null, to: null, ...NO_OTHER });
}

function ThisPeriod({ periods, close }: { periods: Periods; close: () => void }) {
  return (
    <div class="when">
      <div class="row">
        <button
          type="button"
          class="choice"
          onClick={() => {
            chooseLength(365);
            close();
          }}
        >
          Last 365 days
        </button>
      </div>
      <DaysForm
        days={periods.this}
        onChoose={({ from, to }) => {
          goQuery({ days: null, from, to, ...NO_OTHER });
          close();
        }}
      />
    </div>
  );
}

function OtherPeriod({ periods, close }: { periods: Periods; close: () => void }) {
  const choose = (days: Days | null): void => {
    goQuery(days ? { against_from: days.from, against_to: days.to } : NO_OTHER);
    close();
  };
  return (
    <div class="when">
      <div class="row">
        <button type="button" class="choice" aria-pressed={periods.isDirectlyBefore} onClick={() => choose(null)}>
          {formatBefore(periods)}
        </button>
        <button type="button" class="choice" onClick={() => choose(moved(periods.this, -364))}>
          A year before, on the same weekdays
        </button>
      </div>
      <DaysForm days={periods.other} onChoose={choose} />
    </div>
  );
}

function DaysForm({ days, onChoose }: { days: Days; onChoose: (days: Days) => void }) {
  const [from, setFrom] = useState(days.from);
  const [to, setTo] = useState(days.to);
  const problem = problemOf({ from, to });
  return (
    <form
      class="range"
      onSubmit={(event) => {
        event.preventDefault();
        if (!problem) onChoose({ from, to });
      }}
    >
      <label>
        From
        <input
          type="date"
          required
          max={today(now.peek())}
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
        />
      </label>
      <label>
        To, included
        <input
          type="date"
          required
          max={today(now.peek())}
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="choice" disabled={problem !== null}>
        Use
      </button>
      {problem && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

function problemOf(days: Days): string | null {
  if (!days.from || !days.to) return null;
  if (days.from > days.to) return "The first day must not be after the last.";
  return daysOf(days) > MOST_DAYS ? `A period has at most ${MOST_DAYS} days.` : null;
}
