import { useEffect, useState } from "preact/hooks";
import { app } from "../../account";
import { get, post } from "../../api/request";
import { useResource } from "../../api/resource";
import type { Mentions, PersonExport, Receipt, Receipts } from "../../api/types";
import { Name } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { Empty, Problem, Skeleton } from "../../components/placeholders";
import { fieldState, Outcome } from "./outcome";
import { useAction } from "./use_action";

const LOOK_EVERY_MS = 2_000;

const STATES: Record<string, string> = {
  running: "Erasing",
  waiting: "Waits for the end of a call",
  done: "Erased",
};

/** What is kept of one person: export, erasure, and the receipts of erasures. */
export function PersonData() {
  const id = app.value?.id ?? "";
  const path = `/v1/apps/${encodeURIComponent(id)}`;
  const receipts = useResource<Receipts>(id ? `${path}/erasures` : null);
  const isUnderWay = receipts.data?.erasures.some((each) => each.state !== "done") ?? false;
  useEffect(() => {
    if (!isUnderWay) return;
    const timer = setInterval(receipts.reload, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isUnderWay, path]);
  return (
    <section>
      <p class="section-about">
        In the app <Name name={app.value?.name} />. A person is found by the <code>custom_participant_id</code> that
        your systems sent.
      </p>
      <h3>Export</h3>
      <Export path={path} />
      <h3>Erase</h3>
      <Erase path={path} onRequested={receipts.reload} />
      <h3>Record again</h3>
      <Readmit path={path} onReadmitted={receipts.reload} />
      <h3>Receipts of erasures</h3>
      {!receipts.data ? (
        receipts.error ? (
          <Problem error={receipts.error} onRetry={receipts.reload} />
        ) : (
          <Skeleton lines={4} />
        )
      ) : receipts.data.erasures.length ? (
        <ReceiptTable receipts={receipts.data.erasures} />
      ) : (
        <Empty title="Nobody was erased" />
      )}
    </section>
  );
}

function Export({ path }: { path: string }) {
  const [person, setPerson] = useState("");
  const [made, setMade] = useState<PersonExport | null>(null);
  const { act, problem, isBusy } = useAction();
  useEffect(() => {
    if (made === null || made.state === "done") return;
    const timer = setTimeout(() => {
      void act(async () => setMade(await get<PersonExport>(`${path}/exports/${made.id}`)));
    }, LOOK_EVERY_MS);
    return () => clearTimeout(timer);
  }, [made]);
  return (
    <>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void act(async () =>
            setMade(
              await post<PersonExport>(`${path}/exports`, { custom_participant_id: person.trim() }),
            ),
          );
        }}
      >
        <input
          aria-label="Custom participant id of the person to export"
          placeholder="Custom participant id"
          required
          maxLength={256}
          autocomplete="off"
          value={person}
          onInput={(event) => setPerson(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={isBusy || !person.trim()}>
          Export
        </button>
      </form>
      <p role="status">
        {made?.state === "running" &&
          `Reading session ${made.sessions_done} of ${made.sessions_found}…`}
        {made?.state === "done" && made.url && (
          <>
            <a href={made.url} download>
              Download the archive
            </a>{" "}
            <span class="faint">
              of {made.sessions_found} sessions, kept until{" "}
              {made.expires_at !== null && <Timestamp at={made.expires_at} />}
            </span>
          </>
        )}
      </p>
      {problem && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function Erase({ path, onRequested }: { path: string; onRequested: () => void }) {
  const [person, setPerson] = useState("");
  const [again, setAgain] = useState("");
  const [withMentions, setWithMentions] = useState(false);
  const [mentions, setMentions] = useState<Mentions | null>(null);
  const acting = useAction();
  const { act, isBusy } = acting;
  const isConfirmed = person.trim() !== "" && person.trim() === again.trim();
  return (
    <>
      <p>
        Names, ids, talk, mentions, addresses and search terms go from every session. Figures stay under
        a pseudonym. From then on the person is refused. This cannot be undone.
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isConfirmed) return;
          void act(async () => {
            await post<Receipt>(`${path}/erasures`, {
              custom_participant_id: person.trim(),
              mentions: withMentions,
            });
            setPerson("");
            setAgain("");
            setWithMentions(false);
            setMentions(null);
            onRequested();
          }, "Saved: the person is being erased. The receipt below says how far it is.");
        }}
      >
        <input
          aria-label="Custom participant id of the person to erase"
          placeholder="Custom participant id"
          required
          maxLength={256}
          autocomplete="off"
          value={person}
          onInput={(event) => {
            setPerson(event.currentTarget.value);
            setMentions(null);
          }}
          {...fieldState(acting, "erase-problem")}
        />
        <input
          aria-label="The same id again, to confirm"
          placeholder="The same id again"
          required
          maxLength={256}
          autocomplete="off"
          value={again}
          onInput={(event) => setAgain(event.currentTarget.value)}
        />
        <button type="submit" class="choice danger" disabled={isBusy || !isConfirmed}>
          Erase
        </button>
      </form>
      <p class="row">
        <label class="checked">
          <input
            type="checkbox"
            checked={withMentions}
            onChange={(event) => setWithMentions(event.currentTarget.checked)}
          />{" "}
          Also the person’s names in calls of others
        </label>
        <button
          type="button"
          class="choice"
          disabled={isBusy || !person.trim()}
          onClick={() =>
            void act(async () =>
              setMentions(
                await post<Mentions>(`${path}/erasures/mentions`, {
                  custom_participant_id: person.trim(),
                }),
              ),
            )
          }
        >
          Count mentions
        </button>
      </p>
      <p role="status">{mentions && <FoundMentions mentions={mentions} />}</p>
      <Outcome acting={acting} id="erase-problem" />
    </>
  );
}

function FoundMentions({ mentions }: { mentions: Mentions }) {
  if (mentions.names.length === 0) return <>No name of this person is known.</>;
  return (
    <>
      {mentions.names.map((name, place) => (
        <>
          {place > 0 && ", "}
          <bdi key={name}>{name}</bdi>
        </>
      ))}{" "}
      in {mentions.sessions} calls of others:{" "}
      {formatCounts(mentions.counts)}. Somebody else may have the same name.
    </>
  );
}

function Readmit({ path, onReadmitted }: { path: string; onReadmitted: () => void }) {
  const [person, setPerson] = useState("");
  const [isDone, setIsDone] = useState(false);
  const { act, problem, isBusy } = useAction();
  return (
    <>
      <p>
        Somebody who was erased and comes back with consent is recorded from then on. What was erased
        stays erased.
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          setIsDone(false);
          void act(async () => {
            await post<Receipts>(`${path}/readmissions`, { custom_participant_id: person.trim() });
            setPerson("");
            setIsDone(true);
            onReadmitted();
          });
        }}
      >
        <input
          aria-label="Custom participant id of the person to record again"
          placeholder="Custom participant id"
          required
          maxLength={256}
          autocomplete="off"
          value={person}
          onInput={(event) => setPerson(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={isBusy || !person.trim()}>
          Record again
        </button>
      </form>
      <p role="status">{isDone && "The person is recorded again."}</p>
      {problem && (
        <p class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function ReceiptTable({ receipts }: { receipts: Receipt[] }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Receipt</th>
          <th scope="col">Requested</th>
          <th scope="col">By</th>
          <th scope="col">State</th>
          <th scope="col">Erased</th>
        </tr>
      </thead>
      <tbody>
        {receipts.map((receipt) => (
          <tr key={receipt.id}>
            <td>
              <code>{receipt.id.slice(0, 8)}…</code>
            </td>
            <td>
              <Timestamp at={receipt.requested_at} />
            </td>
            <td>
              <code>{receipt.requested_by.slice(0, 16)}</code>
            </td>
            <td>
              {STATES[receipt.state] ?? receipt.state}
              {receipt.readmitted_at !== null && (
                <span class="faint">
                  , recorded again since <Timestamp at={receipt.readmitted_at} />
                </span>
              )}
            </td>
            <td>{formatCounts(receipt.counts) || <span class="faint">Nothing was found</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function formatCounts(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([kind, number]) => `${number} ${kind.replaceAll("_", " ")}`)
    .join(", ");
}
