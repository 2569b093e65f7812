import { useState } from "preact/hooks";
import { now } from "../../clock";
import { Popover } from "../../components/popover";
import { goQuery, place } from "../../route";
import { DAY_MS, startOfDay, formatDate, fromLocalInput, toLocalInput } from "../../format/time";
import { fromTheStart, formatTimeRange, timeParameters } from "./filters";
import { aroundHour } from "./typed_time";

const DAYS_OFFERED = 14;

/** When sessions began: a day of the last two weeks, an hour of it, or any range. */
export function WhenFilter() {
  const label = formatTimeRange(place.value.query, now.peek());
  return (
    <Popover label={label ?? "Any time"} name="When it began" isActive={label !== null}>
      {(close) => <Choices close={close} />}
    </Popover>
  );
}

function choose(from: number | null, to: number | null): void {
  goQuery(fromTheStart(timeParameters(from, to)));
}

function Choices({ close }: { close: () => void }) {
  const today = startOfDay(now.peek());
  const [chosenDay, setChosenDay] = useState<number | null>(null);
  const take = (from: number | null, to: number | null): void => {
    choose(from, to);
    close();
  };
  const days = Array.from({ length: DAYS_OFFERED }, (_, index) => startOfDay(today, -index));
  return (
    <div class="when">
      <div class="row">
        <button type="button" class="choice" onClick={() => take(null, null)}>
          Any time
        </button>
        <button type="button" class="choice" onClick={() => take(startOfDay(today, -6), null)}>
          Last 7 days
        </button>
        <button type="button" class="choice" onClick={() => take(startOfDay(today, -29), null)}>
          Last 30 days
        </button>
      </div>
      <div class="days" role="group" aria-label="Day">
        {days.map((day, index) => (
          <button
            key={day}
            type="button"
            class={chosenDay === day ? "choice active" : "choice"}
            aria-pressed={chosenDay === day}
            onClick={() => {
              setChosenDay(day);
              choose(day, startOfDay(day, 1) - 1);
            }}
          >
            {index === 0 ? "Today" : index === 1 ? "Yesterday" : formatDate(day, today)}
          </button>
        ))}
      </div>
      {chosenDay !== null && (
        <div class="hours" role="group" aria-label="Around which hour">
          {Array.from({ length: 24 }, (_, hour) => (
            <button
              key={hour}
              type="button"
              class="choice"
              aria-label={`Around ${hour}:00`}
              onClick={() => {
                const { from, to } = aroundHour(chosenDay, hour);
                take(from, to);
              }}
            >
              {hour}
            </button>
          ))}
        </div>
      )}
      <ExactRange close={close} />
      <p class="faint">Or type it behind a name: mei tue 10:00</p>
    </div>
  );
}

function ExactRange({ close }: { close: () => void }) {
  const { query } = place.value;
  const [from, setFrom] = useState(toInput(query.get("from")));
  const [to, setTo] = useState(toInput(query.get("to"), DAY_MS - 1));
  return (
    <form
      class="range"
      onSubmit={(event) => {
        event.preventDefault();
        choose(from ? fromLocalInput(from) : null, to ? fromLocalInput(to) + 59_999 : null);
        close();
      }}
    >
      <label>
        From
        <input type="datetime-local" value={from} onInput={(e) => setFrom(e.currentTarget.value)} />
      </label>
      <label>
        To
        <input type="datetime-local" value={to} onInput={(e) => setTo(e.currentTarget.value)} />
      </label>
      <button type="submit" class="choice">
        Apply
      </button>
    </form>
  );
}

/** A parameter as the input wants it; a plain date is a day in UTC. */
function toInput(value: string | null, intoTheDay_ms = 0): string {
  if (!value) return "";
  const at = Date.parse(value);
  if (Number.isNaN(at)) return "";
  return toLocalInput(value.includes("T") ? at : at + intoTheDay_ms);
}
