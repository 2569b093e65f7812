import { useState } from "preact/hooks";
import { app, me } from "../../account";
import { get, post, put, remove } from "../../api/request";
import { useResource } from "../../api/resource";
import type { ListedPreset, PresetAnswer } from "../../api/types";
import { USUAL_PRESET } from "../../api/usual_preset";
import { Problem, Skeleton } from "../../components/placeholders";
import { Name } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { formatPlural } from "../../format/numbers";
import { kitPath } from "../session/snippets";
import { Outcome } from "./outcome";
import { PresetForm } from "./preset_form";
import { type PresetDraft, draftOf } from "./preset_parts";
import { useAction } from "./use_action";

const PROBLEM = "preset-problem";
const MOST = 100;

/** What the form is open for: a new preset, or one that is known by its id. */
interface Open {
  id: string | null;
  draft: PresetDraft;
}

/** The presets of the app: what kinds of participants may do, as clients read it. */
export function Presets() {
  const base = `${kitPath(me.value?.account_id ?? "", app.value?.id ?? "")}/presets`;
  const resource = useResource<ListedPreset[]>(`${base}?per_page=${MOST}`);
  const acting = useAction();
  const [open, setOpen] = useState<Open | null>(null);
  if (!resource.data) {
    return resource.error ? <Problem error={resource.error} onRetry={resource.reload} /> : <Skeleton lines={6} />;
  }
  const presets = resource.data;
  const act = (work: () => Promise<unknown>, done: string): Promise<void> =>
    acting.act(async () => {
      await work();
      setOpen(null);
      resource.reload();
    }, done);
  const load = (preset: ListedPreset, isCopy: boolean): Promise<void> =>
    acting.act(async () => {
      const draft = draftOf(await get<PresetAnswer>(`${base}/${encodeURIComponent(preset.id)}`));
      setOpen(isCopy ? { id: null, draft: { ...draft, name: `${draft.name} copy` } } : { id: preset.id, draft });
    });
  const removePreset = (preset: ListedPreset): void => {
    if (!confirm(`Delete ${preset.name}? Participants keep its name; the next who is added with it creates it again.`)) return;
    void act(() => remove(`${base}/${encodeURIComponent(preset.id)}`), `Deleted: ${preset.name}.`);
  };
  return (
    <section>
      <p class="section-about">
        A participant of the app <Name name={app.value?.name} /> is added with a preset. Clients read what it permits; here
        its view type alone has an effect: the kind of room as which minutes count.
      </p>
      <div class="row">
        <button
          type="button"
          class="choice"
          disabled={acting.isBusy}
          onClick={() => setOpen({ id: null, draft: { ...draftOf(USUAL_PRESET), name: "" } })}
        >
          New preset
        </button>
      </div>
      <Outcome acting={acting} id={PROBLEM} />
      {open && (
        <PresetForm
          key={open.id ?? open.draft.name}
          title={open.id === null ? "New preset" : `Change ${open.draft.name}`}
          draft={open.draft}
          acting={acting}
          problemId={PROBLEM}
          onCancel={() => setOpen(null)}
          onSave={(draft) =>
            act(
              () => (open.id === null ? post(base, draft) : put(`${base}/${encodeURIComponent(open.id)}`, draft)),
              `Stored: ${draft.name}.`,
            )
          }
        />
      )}
      {!presets.length && <p class="faint">There is no preset yet.</p>}
      {presets.map((preset) => (
        <article key={preset.id} class="set" aria-label={preset.name}>
          <div>
            <b>
              <Name name={preset.name} />
            </b>
            <p>
              Changed <Timestamp at={Date.parse(preset.updated_at)} />
            </p>
          </div>
          <div class="row preset-acts">
            <button type="button" class="choice" disabled={acting.isBusy} onClick={() => void load(preset, false)}>
              Edit
            </button>
            <button type="button" class="quiet" disabled={acting.isBusy} onClick={() => void load(preset, true)}>
              Copy
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={`Delete ${preset.name}`}
              disabled={acting.isBusy}
              onClick={() => removePreset(preset)}
            >
              Delete
            </button>
          </div>
        </article>
      ))}
      {presets.length === MOST && <p class="faint">The first {formatPlural(MOST, "preset")}; the API lists all.</p>}
    </section>
  );
}
