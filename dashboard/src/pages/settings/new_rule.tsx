import { Name } from "../../components/texts";
import { useState } from "preact/hooks";
import type { Channel } from "../../api/types";
import { CONDITION_KINDS, type ConditionKind } from "./alert_words";
import { SOURCE_KINDS } from "./source_kinds";
import type { Acting } from "./use_action";

interface Figures {
  level: string;
  minutes: string;
  people: string;
  percent: string;
  window: string;
  source: string;
}

const USUAL: Figures = { level: "bad", minutes: "3", people: "1", percent: "10", window: "60", source: "livekit" };

/** A form for a rule with its usual figures; what else a rule can state is set over REST. */
export function NewRule(props: { channels: Channel[]; acting: Acting; onAdd: (spec: object) => Promise<void> }) {
  const { channels, acting } = props;
  const [kind, setKind] = useState<ConditionKind>("live_quality");
  const [name, setName] = useState("");
  const [figures, setFigures] = useState(USUAL);
  const [chosen, setChosen] = useState<string[]>([]);
  const set = (member: keyof Figures) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    setFigures({ ...figures, [member]: event.currentTarget.value });
  const title = CONDITION_KINDS.find((each) => each.kind === kind)?.title ?? "";
  return (
    <form
      class="source-form"
      onSubmit={(event) => {
        event.preventDefault();
        void props.onAdd({ name: name.trim() || title, condition: conditionOf(kind, figures), channels: chosen });
      }}
    >
      <label>
        When
        <select value={kind} onChange={(event) => setKind(event.currentTarget.value as ConditionKind)}>
          {CONDITION_KINDS.map((each) => (
            <option key={each.kind} value={each.kind}>
              {each.title}
            </option>
          ))}
        </select>
      </label>
      {kind === "live_quality" && (
        <>
          <label>
            Quality
            <select value={figures.level} onChange={set("level")}>
              <option value="bad">Bad</option>
              <option value="poor">Poor or worse</option>
              <option value="fair">Fair or worse</option>
            </select>
          </label>
          <Whole title="For minutes" value={figures.minutes} most={60} onInput={set("minutes")} />
        </>
      )}
      {(kind === "live_quality" || kind === "issue") && (
        <Whole title="For people, at least" value={figures.people} most={1000} onInput={set("people")} />
      )}
      {kind === "bad_share" && <Whole title="More than per cent" value={figures.percent} most={100} onInput={set("percent")} />}
      {(kind === "bad_share" || kind === "no_calls" || kind === "silent_source") && (
        <Whole title="Within minutes" value={figures.window} least={kind === "bad_share" ? 15 : 5} most={10_080} onInput={set("window")} />
      )}
      {kind === "silent_source" && (
        <label>
          Source
          <select value={figures.source} onChange={set("source")}>
            {SOURCE_KINDS.map((each) => (
              <option key={each.name} value={each.name}>
                {each.system}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        Name of the rule
        <input maxLength={200} placeholder={title} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      {channels.length > 0 && (
        <fieldset class="wide event-choice">
          <legend>Send to</legend>
          {channels.map((channel) => (
            <label key={channel.id}>
              <input
                type="checkbox"
                checked={chosen.includes(channel.id)}
                onChange={(event) =>
                  setChosen(event.currentTarget.checked ? [...chosen, channel.id] : chosen.filter((id) => id !== channel.id))
                }
              />
              <Name name={channel.name} />
            </label>
          ))}
        </fieldset>
      )}
      <div class="row">
        <button type="submit" class="primary" disabled={acting.isBusy}>
          Add the rule
        </button>
      </div>
    </form>
  );
}

function Whole(props: {
  title: string;
  value: string;
  least?: number;
  most: number;
  onInput: (event: { currentTarget: HTMLInputElement }) => void;
}) {
  return (
    <label>
      {props.title}
      <input
        type="number"
        inputMode="numeric"
        required
        min={props.least ?? 1}
        max={props.most}
        value={props.value}
        onInput={props.onInput}
      />
    </label>
  );
}

/** The condition as the server reads it; what is left out is as usual. */
export function conditionOf(kind: ConditionKind, figures: Figures): object {
  const [minutes, people, window] = [figures.minutes, figures.people, figures.window].map(Number);
  switch (kind) {
    case "live_quality":
      return { kind, level: figures.level, minutes, people };
    case "issue":
      return { kind, people };
    case "bad_share":
      return { kind, window_minutes: window, above_percent: Number(figures.percent) };
    case "no_calls":
      return { kind, window_minutes: window };
    case "silent_source":
      return { kind, source: figures.source, minutes: window };
    case "dead_jobs":
      return { kind };
  }
}
