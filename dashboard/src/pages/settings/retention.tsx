import { useEffect, useState } from "preact/hooks";
import { app, mayWrite } from "../../account";
import { post, put } from "../../api/request";
import { useResource } from "../../api/resource";
import type { KeptKind, Retention, RetentionPreview } from "../../api/types";
import { Problem, Skeleton } from "../../components/placeholders";
import { Name } from "../../components/texts";
import { formatPlural } from "../../format/numbers";
import { formatDateTime } from "../../format/time";
import { CHOICES, DEFAULT, KINDS, durationInWords, isLater } from "./retention_times";
import { Outcome } from "./outcome";
import { type Acting, useAction } from "./use_action";

const PREVIEW_AFTER_MS = 300;

/** How long an app keeps which data, and what would go if a time were changed. */
export function RetentionTimes() {
  const path = `/v1/apps/${encodeURIComponent(app.value?.id ?? "")}/retention`;
  const resource = useResource<Retention>(path);
  const acting = useAction();
  if (!resource.data || !resource.isCurrent) {
    return resource.error ? (
      <Problem error={resource.error} onRetry={resource.reload} />
    ) : (
      <Skeleton lines={7} />
    );
  }
  const kinds = resource.data.kinds;
  return (
    <section>
      <p class="section-about">
        How long the app <Name name={app.value?.name} /> keeps data after the end of a session. What is
        past its time is deleted within the hour.
      </p>
      {/* A saved change begins a form of its own. */}
      <Form key={JSON.stringify(kinds)} path={path} kinds={kinds} acting={acting} onSaved={resource.reload} />
      <Outcome acting={acting} />
    </section>
  );
}

interface FormProps {
  path: string;
  kinds: KeptKind[];
  acting: Acting;
  onSaved: () => void;
}

function Form({ path, kinds, acting, onSaved }: FormProps) {
  const before = chosenBefore(kinds);
  const [chosen, setChosen] = useState(before);
  const { act, isBusy } = acting;
  const isChanged = kinds.some(({ kind }) => chosen[kind] !== before[kind]);
  const going = useGoing(path, isChanged ? chosen : null);
  const total = going?.kinds.reduce((sum, each) => sum + each.sessions, 0) ?? 0;
  return (
    <form
      aria-label="How long data are kept after a session's end"
      onSubmit={(event) => {
        event.preventDefault();
        if (total && !confirm("Delete what is past its time? It cannot be brought back.")) return;
        void act(async () => {
          await put<Retention>(path, bodyOf(chosen));
          onSaved();
        }, total ? "Saved. What is past its time is being deleted." : "Saved.");
      }}
    >
      {kinds.map((each) => (
        <KindRow
          key={each.kind}
          kept={each}
          value={chosen[each.kind] ?? DEFAULT}
          going={going?.kinds.find((one) => one.kind === each.kind)?.sessions}
          onChange={(value) => setChosen({ ...chosen, [each.kind]: value })}
        />
      ))}
      {mayWrite.value && (
        <p class="row">
          <button type="submit" class={total ? "choice danger" : "primary"} disabled={!isChanged || isBusy}>
            {total ? "Save, and delete what is past" : "Save"}
          </button>
          <button
            type="button"
            class="quiet"
            disabled={!isChanged}
            onClick={() => setChosen(before)}
          >
            Undo
          </button>
        </p>
      )}
    </form>
  );
}

interface RowProps {
  kept: KeptKind;
  value: string;
  going: number | undefined;
  onChange: (value: string) => void;
}

function KindRow({ kept, value, going, onChange }: RowProps) {
  const { title, about } = KINDS[kept.kind] ?? { title: kept.kind, about: "" };
  const own = kept.is_default ? null : String(kept.kept_s);
  const isAsBefore = value === (own ?? DEFAULT);
  const times = own === null || CHOICES.includes(own) ? CHOICES : [...CHOICES, own].sort(isLater);
  return (
    <div class="set">
      <div>
        <b>{title}</b>
        <p>
          {about}
          {isAsBefore && kept.effective_s !== kept.kept_s && (
            <> Deleted after {durationInWords(kept.effective_s)}, with other data.</>
          )}
        </p>
        <p class={going ? "going is-loss" : "going"} aria-live="polite">
          {going ? `Would be deleted of ${formatPlural(going, "session")}.` : isAsBefore && formatNext(kept)}
        </p>
      </div>
      <select
        aria-label={`How long ${title.toLowerCase()} are kept`}
        value={value}
        disabled={!mayWrite.value}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value={DEFAULT}>
          {kept.is_default
            ? `As the server says: ${durationInWords(kept.kept_s)}`
            : "As the server says"}
        </option>
        {times.map((seconds) => (
          <option key={seconds} value={seconds}>
            {durationInWords(Number(seconds))}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Which data go next, and when. */
function formatNext({ next_at: at, next_sessions: sessions }: KeptKind): string {
  if (at === null) return "";
  const what = formatPlural(sessions, "session");
  return at <= Date.now()
    ? `Being deleted now: those of ${what}.`
    : `Next to go: those of ${what}, from ${formatDateTime(at, Date.now())} on.`;
}

type Chosen = Record<string, string>;

function chosenBefore(kinds: KeptKind[]): Chosen {
  return Object.fromEntries(
    kinds.map((each) => [each.kind, each.is_default ? DEFAULT : String(each.kept_s)]),
  );
}

function bodyOf(chosen: Chosen): Record<string, number> {
  return Object.fromEntries(
    Object.entries(chosen)
      .filter(([, value]) => value !== DEFAULT)
      .map(([kind, value]) => [kind, Number(value)]),
  );
}

/** What would be deleted at these times; nothing while they are asked for. */
function useGoing(path: string, chosen: Chosen | null): RetentionPreview | null {
  const [going, setGoing] = useState<RetentionPreview | null>(null);
  const asked = chosen && JSON.stringify(bodyOf(chosen));
  useEffect(() => {
    setGoing(null);
    if (asked === null) return;
    let isOld = false;
    const timer = setTimeout(() => {
      // Without an answer the table says nothing; saving reports what is wrong.
      post<RetentionPreview>(`${path}/preview`, JSON.parse(asked)).then(
        (answer) => !isOld && setGoing(answer),
        () => undefined,
      );
    }, PREVIEW_AFTER_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [path, asked]);
  return going;
}
