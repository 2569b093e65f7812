import { useEffect, useRef, useState } from "preact/hooks";
import { mayWrite } from "../../account";
import type { DumpImport, ImportedFile, ImportedSession } from "../../api/types";
import { Icon } from "../../components/icon";
import { formatCount, formatPlural } from "../../format/numbers";
import { formatNames } from "./import_names";
import { cancel, dismiss, importFiles, importsDone, isOver, shownImports, type ShownImport, showOpenImports } from "./import_state";

/** The imports that go on or have just ended, and the whole page as the place to drop files. */
export function Imports({ appId, onImported }: { appId: string; onImported: () => void }) {
  const reload = useRef(onImported);
  reload.current = onImported;
  const seen = useRef(importsDone.peek());
  const done = importsDone.value;
  useEffect(() => {
    if (done !== seen.current) reload.current();
    seen.current = done;
  }, [done]);
  useEffect(() => {
    if (mayWrite.value) void showOpenImports(appId);
  }, [appId]);
  if (!mayWrite.value) return null;
  const shown = shownImports.value.filter((each) => each.appId === appId);
  return (
    <>
      <DropPlace onFiles={(files) => importFiles(appId, files)} />
      {shown.length > 0 && (
        <ul class="imports" aria-label="Imports of dumps">
          {shown.map((each) => (
            <Row key={each.key} shown={each} />
          ))}
        </ul>
      )}
    </>
  );
}

/** Covers the page while files are dragged over it. */
function DropPlace({ onFiles }: { onFiles: (files: File[]) => void }) {
  const [isOverPage, setIsOverPage] = useState(false);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    // Entering a child comes before leaving its parent.
    let depth = 0;
    const handlers: [string, (event: DragEvent) => void][] = [
      ["dragenter", () => setIsOverPage(++depth > 0)],
      ["dragleave", () => setIsOverPage(--depth > 0)],
      [
        "dragover",
        (event) => {
          event.preventDefault();
          if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
        },
      ],
      [
        "drop",
        (event) => {
          event.preventDefault();
          depth = 0;
          setIsOverPage(false);
          take.current([...(event.dataTransfer?.files ?? [])]);
        },
      ],
    ];
    const guarded = handlers.map(([name, act]): [string, (event: Event) => void] => [
      name,
      (event) => {
        const dragged = event as DragEvent;
        if (dragged.dataTransfer?.types.includes("Files")) act(dragged);
      },
    ]);
    for (const [name, act] of guarded) window.addEventListener(name, act);
    return () => {
      for (const [name, act] of guarded) window.removeEventListener(name, act);
    };
  }, []);
  if (!isOverPage) return null;
  return (
    <div class="drop-place" aria-hidden="true">
      <p>
        <Icon name="down" /> Drop dumps of past calls to import them
      </p>
    </div>
  );
}

function Row({ shown }: { shown: ShownImport }) {
  const { found, error } = shown;
  const isFailed = error !== null || found?.state === "failed";
  const names = formatNames(shown.names);
  return (
    <li class={isFailed ? "import failed" : "import"}>
      <div class="import-head">
        <p role={isFailed ? "alert" : "status"}>
          {isFailed && <Icon name="alert" />}
          <strong>
            <bdi>{names}</bdi>
          </strong>{" "}
          {stateOf(shown)}
        </p>
        {!isOver(shown) && <Bar shown={shown} label={names} />}
        {shown.abort && (
          <button type="button" class="quiet" onClick={shown.abort}>
            Stop
          </button>
        )}
        {found !== null && !isOver(shown) && (
          <button type="button" class="quiet" aria-label={`Cancel the import of ${names}`} onClick={() => void cancel(shown)}>
            Cancel
          </button>
        )}
        {error !== null && shown.again && (
          <button type="button" class="choice" onClick={shown.again}>
            Try again
          </button>
        )}
        {isOver(shown) && (
          <button type="button" class="quiet" aria-label={`Close the import of ${names}`} onClick={() => dismiss(shown.key)}>
            <Icon name="cross" />
          </button>
        )}
      </div>
      {found && isOver(shown) && found.state !== "failed" && <Result found={found} />}
    </li>
  );
}

function Bar({ shown, label }: { shown: ShownImport; label: string }) {
  const percent = percentOf(shown);
  return (
    <div
      class={percent === null ? "progress waiting" : "progress"}
      role="progressbar"
      aria-label={`Import of ${label}`}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { "aria-valuenow": percent })}
    >
      <span style={{ width: `${percent ?? 0}%` }} />
    </div>
  );
}

function percentOf(shown: ShownImport): number | null {
  if (shown.sent !== null) return Math.round(100 * shown.sent);
  return shown.found?.state === "running" ? shown.found.percent : null;
}

function stateOf(shown: ShownImport): string {
  const { found, error } = shown;
  if (error) return `was not imported: ${error.message}`;
  if (!found) return `is sent, ${percentOf(shown) ?? 0} %`;
  if (found.state === "waiting") return "waits to be read";
  if (found.state === "running") return `is read, ${found.percent} %`;
  if (found.state === "cancelled") return found.sessions.length ? "was cancelled; what was read until then stays" : "was cancelled";
  if (found.state === "failed") return `was not imported: ${found.error ?? ""}`;
  const failed = found.files.filter((file) => file.error).length;
  const there = found.sessions.length;
  if (!there) return failed === 1 && found.files.length === 1 ? `was not imported: ${found.files[0]?.error ?? ""}` : "made no session";
  const known = found.sessions.every((session) => session.is_known);
  const sessions = formatPlural(there, "session", "sessions");
  const rest = failed ? `; ${formatPlural(failed, "file", "files")} not imported` : "";
  return `${known ? "was imported before" : `made ${sessions}`}${rest}`;
}

function Result({ found }: { found: DumpImport }) {
  return (
    <>
      {found.sessions.length > 0 && (
        <ul class="import-sessions">
          {found.sessions.map((session) => (
            <li key={session.session_id}>
              <SessionLink session={session} />
            </li>
          ))}
        </ul>
      )}
      <details open={found.files.some((file) => file.error !== null)}>
        <summary>What was read</summary>
        <ul class="import-files">
          {found.files.map((file, index) => (
            <li key={`${index} ${file.name}`}>
              <FileReport file={file} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function SessionLink({ session }: { session: ImportedSession }) {
  const rejected = Object.entries(session.rejected);
  return (
    <>
      {session.title === null ? (
        <span class="faint">A session that has been deleted</span>
      ) : (
        <a href={`/sessions/${encodeURIComponent(session.session_id)}`}>
          <bdi>{session.title || "Without a title"}</bdi>
        </a>
      )}{" "}
      <span class="faint">
        {formatPlural(session.participants, "participant", "participants")}
        {session.is_known && ", nothing new"}
      </span>
      {rejected.map(([reason, count]) => (
        <span key={reason} class="import-problem">
          Refused {formatPlural(count, "time", "times")}: {reason}
        </span>
      ))}
    </>
  );
}

function FileReport({ file }: { file: ImportedFile }) {
  const { connections } = file;
  const sum = (member: "reports" | "streams"): number => connections.reduce((all, each) => all + each[member], 0);
  return (
    <>
      <bdi>{file.name}</bdi>{" "}
      <span class="faint">
        {file.format ?? "not a dump"}
        {connections.length > 0 &&
          `: ${formatPlural(connections.length, "connection", "connections")}, ${formatPlural(sum("streams"), "stream", "streams")}, ${formatPlural(sum("reports"), "report", "reports")}`}
      </span>
      {file.error && <span class="import-problem">Not imported: {file.error}</span>}
      {Object.entries(file.left_out).map(([reason, count]) => (
        <span key={reason} class="faint import-left-out">
          Left out: {reason}
          {count > 1 && ` (${formatCount(count)} times)`}
        </span>
      ))}
    </>
  );
}
