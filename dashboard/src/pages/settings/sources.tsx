import { useState } from "preact/hooks";
import { app } from "../../account";
import { post, remove } from "../../api/request";
import { useResource } from "../../api/resource";
import type { AskedServer, SourceKey, SourceKeyList } from "../../api/types";
import { CopyButton } from "../../components/copy_button";
import { Problem, Skeleton } from "../../components/placeholders";
import { Timestamp } from "../../components/timestamp";
import { fieldState, Outcome } from "./outcome";
import { makeSecret, SOURCE_KINDS, sourceAddress, type SourceKind } from "./source_kinds";
import { type Acting, useAction } from "./use_action";

const PROBLEM = "source-problem";

/** Addresses for other systems, and the keys with which they sign. */
export function Sources() {
  const appId = app.value?.id ?? "";
  const base = `/v1/apps/${encodeURIComponent(appId)}/source-keys`;
  const resource = useResource<SourceKeyList>(base);
  const acting = useAction();
  const [kindName, setKindName] = useState("livekit");
  const [made, setMade] = useState<{ kind: SourceKind; secret: string } | null>(null);
  const kind = SOURCE_KINDS.find((each) => each.name === kindName) ?? SOURCE_KINDS[0];
  if (!resource.data || !kind) {
    return resource.error ? <Problem error={resource.error} onRetry={resource.reload} /> : <Skeleton lines={6} />;
  }
  const known = made?.kind === kind ? made.secret : undefined;
  const removeKey = (key: SourceKey): void => {
    if (!confirm(`Remove the key ${key.key_id}? What is signed with it is refused from then on.`)) return;
    void acting.act(async () => {
      await remove(`${base}/${encodeURIComponent(key.source)}/${encodeURIComponent(key.key_id)}`);
      resource.reload();
    }, `Removed: ${key.key_id}.`);
  };
  return (
    <section>
      <p class="section-about">
        Servers of other systems report their calls to the app <b>{app.value?.name}</b>: choose a system, enter the address
        there, and store the key with which it signs.
      </p>
      <label class="source-choice">
        System
        <select value={kindName} onChange={(event) => setKindName(event.currentTarget.value)}>
          {SOURCE_KINDS.map((each) => (
            <option key={each.name} value={each.name}>
              {each.system}
            </option>
          ))}
        </select>
      </label>
      <Address kind={kind} address={sourceAddress(kind, location.origin, appId, known)} isWhole={known !== undefined} />
      {kind.key && (
        <NewKey
          key={kind.name}
          kind={kind}
          acting={acting}
          onAdd={(keyId, secret, serverUrl) =>
            acting.act(async () => {
              await post(base, { source: kind.name, key_id: keyId, secret, server_url: serverUrl });
              setMade({ kind, secret });
              resource.reload();
            }, `Stored: ${keyId}. The secret is encrypted and is not shown again.`)
          }
        />
      )}
      <Outcome acting={acting} id={PROBLEM} />
      <Keys keys={resource.data.keys} isBusy={acting.isBusy} onRemove={removeKey} />
    </section>
  );
}

function Address({ kind, address, isWhole }: { kind: SourceKind; address: string; isWhole: boolean }) {
  const hasKey = kind.path.includes("KEY");
  return (
    <div class="source-address">
      <span class="faint">{kind.where}</span>
      <div class="row">
        <code>{address}</code>
        <CopyButton text={address} label="Copy the address" />
      </div>
      {hasKey && (
        <span class="faint">
          {isWhole ? "With the key that was just stored: copy it now." : "KEY stands for the secret of a key below."}
        </span>
      )}
      <span>
        <a href={`/docs/guide/how-to/${kind.guide}`}>How to set up {kind.system}</a>
      </span>
    </div>
  );
}

interface NewKeyProps {
  kind: SourceKind;
  acting: Acting;
  onAdd: (keyId: string, secret: string, serverUrl: string) => Promise<void>;
}

function NewKey({ kind, acting, onAdd }: NewKeyProps) {
  const [keyId, setKeyId] = useState(kind.key?.idOf ?? "");
  const [secret, setSecret] = useState("");
  const [serverUrl, setServerUrl] = useState("");
  if (!kind.key) return null;
  const isOfPages = kind.path.includes("KEY");
  const field = {
    required: true,
    maxLength: 4096,
    autocomplete: "off",
    spellcheck: false,
    value: secret,
    onInput: (event: { currentTarget: HTMLInputElement }) => setSecret(event.currentTarget.value),
  };
  return (
    <form
      class="source-form"
      onSubmit={(event) => {
        event.preventDefault();
        void onAdd(keyId.trim(), secret.trim(), serverUrl.trim()).then(() => setSecret(""));
      }}
    >
      <label>
        {kind.key.id}
        <input
          required
          maxLength={64}
          pattern="[A-Za-z0-9_\-]+"
          title="Letters, digits, _ and -"
          autocomplete="off"
          spellcheck={false}
          value={keyId}
          onInput={(event) => setKeyId(event.currentTarget.value)}
          {...fieldState(acting, PROBLEM)}
        />
      </label>
      {kind.name === "realtimekit" ? (
        <label class="wide">
          {kind.key.secret}
          <textarea required maxLength={4096} spellcheck={false} value={secret} onInput={(event) => setSecret(event.currentTarget.value)} />
        </label>
      ) : (
        <label for="source-secret">
          {kind.key.secret}
          {isOfPages ? (
            <input id="source-secret" {...field} />
          ) : (
            <input id="source-secret" type="password" {...field} />
          )}
        </label>
      )}
      {kind.isAsked && (
        <label>
          Server's address, to ask who is there (optional)
          <input
            type="url"
            maxLength={2048}
            placeholder="wss://livekit.example.com"
            autocomplete="off"
            spellcheck={false}
            value={serverUrl}
            onInput={(event) => setServerUrl(event.currentTarget.value)}
          />
        </label>
      )}
      <div class="row">
        {isOfPages && (
          <button type="button" class="choice" onClick={() => setSecret(makeSecret())}>
            Make one
          </button>
        )}
        <button type="submit" class="primary" disabled={acting.isBusy || !keyId.trim() || !secret.trim()}>
          Store the key
        </button>
      </div>
    </form>
  );
}

function Asked({ server }: { server: AskedServer | null }) {
  if (!server) return <span class="faint">no</span>;
  return (
    <>
      <code>{server.url}</code>{" "}
      {server.error ? (
        <span>does not answer: {server.error}</span>
      ) : server.answered_at === null ? (
        <span class="faint">not asked yet</span>
      ) : (
        <span>
          answered <Timestamp at={server.answered_at} />
        </span>
      )}
    </>
  );
}

function Keys({ keys, isBusy, onRemove }: { keys: SourceKey[]; isBusy: boolean; onRemove: (key: SourceKey) => void }) {
  if (!keys.length) return <p class="faint">No key is stored yet.</p>;
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">System</th>
          <th scope="col">Key</th>
          <th scope="col">Stored</th>
          <th scope="col">Asked who is there</th>
          <th scope="col">
            <span class="unseen">Remove</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={`${key.source} ${key.key_id}`}>
            <td>{SOURCE_KINDS.find((each) => each.name === key.source)?.system ?? key.source}</td>
            <td>
              <code>{key.key_id}</code>
            </td>
            <td>
              <Timestamp at={key.created_at} />
            </td>
            <td>
              <Asked server={key.server} />
            </td>
            <td class="number">
              <button
                type="button"
                class="quiet"
                disabled={isBusy}
                aria-label={`Remove the key ${key.key_id}`}
                onClick={() => onRemove(key)}
              >
                Remove
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
