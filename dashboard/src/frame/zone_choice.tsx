import { useState } from "preact/hooks";
import { now } from "../clock";
import { Icon } from "../components/icon";
import { Popover } from "../components/popover";
import { formatFullZone, formatOffset, formatZone, isZone, VIEWERS_ZONE, zone } from "../format/zone";
import { chooseZone } from "../zone";

/** The zone of all times on the page, and the choice of another. */
export function ZoneChoice() {
  const at = now.peek();
  const short = formatZone(at);
  return (
    <Popover
      name="Time zone"
      title={`All times are shown in ${zone.value}, ${formatOffset(at)}`}
      label={
        <>
          <Icon name="clock" />
          <span class="unseen">Time zone: </span>
          {short}
        </>
      }
      isQuiet
      isAtEnd
    >
      {(close) => <Choices close={close} />}
    </Popover>
  );
}

function Choices({ close }: { close: () => void }) {
  const here = zone.value;
  const [typed, setTyped] = useState(here === VIEWERS_ZONE || here === "UTC" ? "" : here);
  const [problem, setProblem] = useState<string | null>(null);
  const choose = (name: string | null): void => {
    chooseZone(name);
    close();
  };
  return (
    <form
      class="zones"
      onSubmit={(event) => {
        event.preventDefault();
        const name = typed.trim().replaceAll(" ", "_");
        if (name && isZone(name)) choose(name);
        else setProblem("No zone has this name. They are named as Europe/Berlin.");
      }}
    >
      <p class="faint">All times are shown in {formatFullZone(now.peek())}; links that you copy carry it.</p>
      <button type="button" class="choice" aria-pressed={here === VIEWERS_ZONE} onClick={() => choose(null)}>
        Yours: {VIEWERS_ZONE}
      </button>
      {VIEWERS_ZONE !== "UTC" && (
        <button type="button" class="choice" aria-pressed={here === "UTC"} onClick={() => choose("UTC")}>
          UTC
        </button>
      )}
      <div class="row">
        <input
          aria-label="Another zone"
          placeholder="Another, as Asia/Kolkata"
          list="zone-names"
          spellcheck={false}
          autocomplete="off"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="choice">
          Use
        </button>
      </div>
      <datalist id="zone-names">
        {Intl.supportedValuesOf("timeZone").map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {problem && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
