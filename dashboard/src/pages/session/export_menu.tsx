import { Icon } from "../../components/icon";
import { formatTimeWithSeconds } from "../../format/time";
import { copyLink } from "../../frame/keys";
import { pinned } from "./time_cursor";
import { useEffect, useRef, useState } from "preact/hooks";
import { me } from "../../account";
import { get } from "../../api/request";
import { asRequestError } from "../../api/resource";
import type { Artefact } from "../../api/types";
import { CopyButton } from "../../components/copy_button";
import { Popover } from "../../components/popover";
import { isShared } from "../../route";
import { Share } from "./share";
import { snippetsFor } from "./snippets";

/** Downloads and requests of a session or a peer's report. */
export function Tools(props: {
  appId: string;
  sessionId: string;
  peerId?: string;
  /** The subject of the raw JSON shown. */
  rawPath: string;
  artefacts?: Artefact[];
  /** Whether the session has ended, so that it can be exported. */
  isOver?: boolean;
}) {
  const [isRaw, setIsRaw] = useState(false);
  const snippets = snippetsFor({
    origin: location.origin,
    accountId: me.value?.account_id ?? "",
    appId: props.appId,
    sessionId: props.sessionId,
    ...(props.peerId ? { peerId: props.peerId } : {}),
  });
  // Nothing that they lead to can be reached with a read link.
  if (isShared()) return null;
  return (
    <div class="row tools">
      <button type="button" class="quiet" aria-keyshortcuts="." onClick={() => void copyLink()}>
        <Icon name="link" />
        {pinned.value === null ? "Copy link" : `Copy link to ${formatTimeWithSeconds(pinned.value)}`}
      </button>
      {!props.peerId && <Share appId={props.appId} sessionId={props.sessionId} />}
      {!props.peerId && (
        <a class="quiet" href={`/sessions/${encodeURIComponent(props.sessionId)}/attendance`}>
          Attendance
        </a>
      )}
      {props.artefacts && props.artefacts.length > 0 && (
        <Popover label="Downloads" name="Downloads" isAtEnd>
          {() => <Downloads artefacts={props.artefacts ?? []} />}
        </Popover>
      )}
      {!props.peerId && props.isOver && (
        <a
          class="quiet"
          href={`/v1/apps/${encodeURIComponent(props.appId)}/sessions/${encodeURIComponent(props.sessionId)}/export`}
          download
          title="A zip with all facts: attendance, talk, statistics. It can be imported again"
        >
          <Icon name="download" />
          Export
        </a>
      )}
      <Popover label={<Icon name="more" />} name="More" title="More" isAtEnd isQuiet hasNoChevron>
        {(close) => (
          <div class="snippets">
            <CopyButton text={props.sessionId} label="Copy the session's id" shown="Copy the session id" />
            {props.peerId && <CopyButton text={props.peerId} label="Copy the id" shown="Copy the peer id" />}
            <CopyButton text={snippets.curl} label="Copy as curl" shown="Copy as curl" />
            <CopyButton text={snippets.python} label="Copy as Python SDK" shown="Copy as Python SDK" />
            <button
              type="button"
              class="quiet"
              onClick={() => {
                close();
                setIsRaw(true);
              }}
            >
              Raw JSON
            </button>
          </div>
        )}
      </Popover>
      {isRaw && <Raw path={props.rawPath} onClose={() => setIsRaw(false)} />}
    </div>
  );
}

function Downloads({ artefacts }: { artefacts: Artefact[] }) {
  const names = [...new Set(artefacts.map((artefact) => artefact.name))];
  return (
    <dl class="downloads">
      {names.map((name) => (
        <div key={name}>
          <dt>{{ chat: "Chat", transcript: "Transcript", summary: "Summary" }[name]}</dt>
          <dd class="row">
            {artefacts
              .filter((artefact) => artefact.name === name)
              .map((artefact) => (
                <a key={artefact.format} class="choice" href={artefact.url} download>
                  {artefact.format.toUpperCase()}
                </a>
              ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Raw({ path, onClose }: { path: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("Loading…");
  useEffect(() => {
    dialog.current?.showModal();
    get<unknown>(path).then(
      (data) => setText(JSON.stringify(data, null, 2)),
      (error: unknown) => setText(asRequestError(error).message),
    );
  }, [path]);
  return (
    <dialog ref={dialog} class="raw" aria-label="Raw JSON" onClose={onClose}>
      <div class="row raw-head">
        <h2>Raw JSON</h2>
        <CopyButton text={text} label="Copy the JSON" />
        <a href={path} target="_blank" rel="noopener">
          Open
        </a>
        <button type="button" class="choice" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <p class="faint">
        <code>GET {path}</code>
      </p>
      <pre tabIndex={0}>{text}</pre>
    </dialog>
  );
}
