import { useState } from "preact/hooks";
import { fieldState } from "./outcome";
import {
  choicesOf,
  formatMember,
  isObject,
  type Json,
  type JsonObject,
  PARTS,
  type PresetDraft,
  readParts,
  withMember,
  writeParts,
} from "./preset_parts";
import type { Acting } from "./use_action";

interface FormProps {
  title: string;
  draft: PresetDraft;
  acting: Acting;
  problemId: string;
  onSave: (draft: PresetDraft) => Promise<void>;
  onCancel: () => void;
}

/** A preset's name and every member of its parts, as fields or as one text of JSON. */
export function PresetForm({ title, draft, acting, problemId, onSave, onCancel }: FormProps) {
  const [edited, setEdited] = useState(draft);
  const [text, setText] = useState<string | null>(null);
  const read = text === null ? null : readParts(text);
  const problem = read && "problem" in read ? read.problem : null;
  const change = (part: (typeof PARTS)[number]["name"], path: readonly string[], value: Json): void => {
    setEdited({ ...edited, [part]: withMember(edited[part], path, value) });
    setText(null);
  };
  const changeText = (next: string): void => {
    setText(next);
    const found = readParts(next);
    if ("parts" in found) setEdited({ ...edited, ...found.parts });
  };
  return (
    <form
      class="preset-form"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        void onSave({ ...edited, name: edited.name.trim() });
      }}
    >
      <h3>{title}</h3>
      <label class="preset-name">
        Name
        <input
          required
          maxLength={128}
          value={edited.name}
          onInput={(event) => setEdited({ ...edited, name: event.currentTarget.value })}
          {...(acting.field === null || acting.field === "name" ? fieldState(acting, problemId) : {})}
        />
      </label>
      {PARTS.map((part) => (
        <details key={part.name} open={part.name === "config"}>
          <summary>{part.title}</summary>
          <Members value={edited[part.name]} path={[]} onChange={(path, value) => change(part.name, path, value)} />
        </details>
      ))}
      <details>
        <summary>All of it as JSON</summary>
        <textarea
          aria-label="Config, permissions and looks as JSON"
          rows={16}
          spellcheck={false}
          value={text ?? writeParts(edited)}
          onInput={(event) => changeText(event.currentTarget.value)}
          {...(problem ? { "aria-invalid": true, "aria-describedby": "preset-json-problem" } : {})}
        />
        {problem && (
          <p class="field-problem" role="alert" id="preset-json-problem">
            {problem}
          </p>
        )}
      </details>
      <div class="row">
        <button type="submit" class="primary" disabled={acting.isBusy || !edited.name.trim() || problem !== null}>
          Store the preset
        </button>
        <button type="button" class="quiet" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

interface MembersProps {
  value: JsonObject;
  path: readonly string[];
  onChange: (path: readonly string[], value: Json) => void;
}

/** The members of an object: plain values first, then each inner object as a group of its own. */
function Members({ value, path, onChange }: MembersProps) {
  const members = Object.entries(value);
  const plain = members.filter(([, member]) => !isObject(member));
  const inner = members.filter((each): each is [string, JsonObject] => isObject(each[1]));
  return (
    <div class="preset-members">
      {plain.map(([name, member]) => (
        <Field key={name} name={name} value={member} onChange={(next) => onChange([...path, name], next)} />
      ))}
      {inner.map(([name, member]) => (
        <fieldset key={name}>
          <legend>{formatMember(name)}</legend>
          {Object.keys(member).length ? (
            <Members value={member} path={[...path, name]} onChange={onChange} />
          ) : (
            <p class="faint">Empty; members are added as JSON.</p>
          )}
        </fieldset>
      ))}
    </div>
  );
}

function Field({ name, value, onChange }: { name: string; value: Json; onChange: (value: Json) => void }) {
  const label = formatMember(name);
  const choices = choicesOf(name, value);
  if (typeof value === "boolean") {
    return (
      <label class="preset-flag">
        <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
        {label}
      </label>
    );
  }
  if (choices) {
    return (
      <label>
        {label}
        <select value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      </label>
    );
  }
  if (typeof value === "number") {
    return (
      <label>
        {label}
        <input
          type="number"
          min={0}
          step="any"
          value={value}
          onInput={(event) => {
            if (!Number.isNaN(event.currentTarget.valueAsNumber)) onChange(event.currentTarget.valueAsNumber);
          }}
        />
      </label>
    );
  }
  if (typeof value === "string") {
    return (
      <label>
        {label}
        <input maxLength={2048} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
      </label>
    );
  }
  return (
    <p class="faint">
      {label}: <code>{JSON.stringify(value)}</code>
    </p>
  );
}
