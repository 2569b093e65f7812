import { useState } from "preact/hooks";
import { CHANNEL_KINDS } from "./alert_words";
import { fieldState } from "./outcome";
import type { Acting } from "./use_action";

/** A form for a channel; what it sends to leaves the page once. */
export function NewChannel({ acting, onAdd }: { acting: Acting; onAdd: (spec: object) => Promise<void> }) {
  const [kindName, setKindName] = useState("webhook");
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const kind = CHANNEL_KINDS.find((each) => each.kind === kindName) ?? CHANNEL_KINDS[0];
  if (!kind) return null;
  const given = kind.field === "to" ? value.split(",").map((one) => one.trim()).filter(Boolean) : value.trim();
  return (
    <form
      class="source-form"
      onSubmit={(event) => {
        event.preventDefault();
        void onAdd({ name: name.trim(), target: { kind: kind.kind, [kind.field]: given } }).then(() => setValue(""));
      }}
    >
      <label>
        Kind
        <select value={kindName} onChange={(event) => setKindName(event.currentTarget.value)}>
          {CHANNEL_KINDS.map((each) => (
            <option key={each.kind} value={each.kind}>
              {each.title}
            </option>
          ))}
        </select>
      </label>
      <label>
        Name of the channel
        <input required maxLength={200} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        {kind.about}
        <input
          required
          maxLength={2000}
          autocomplete="off"
          spellcheck={false}
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
          {...fieldState(acting, "alert-problem")}
        />
      </label>
      <div class="row">
        <button type="submit" class="primary" disabled={acting.isBusy || !name.trim() || !value.trim()}>
          Add the channel
        </button>
      </div>
    </form>
  );
}
