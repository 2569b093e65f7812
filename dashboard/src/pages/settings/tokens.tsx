import { Name } from "../../components/texts";
import { useState } from "preact/hooks";
import { me } from "../../account";
import { post, remove } from "../../api/request";
import { useResource } from "../../api/resource";
import type { Role, Token } from "../../api/types";
import { CopyButton } from "../../components/copy_button";
import { Timestamp } from "../../components/timestamp";
import { Problem, Skeleton } from "../../components/placeholders";
import { formatName } from "../../format/labels";
import { isolate } from "../../format/texts";
import { fieldState, Outcome } from "./outcome";
import { type Acting, useAction } from "./use_action";

/** API tokens: create, show once, revoke. */
export function Tokens() {
  const resource = useResource<{ tokens: Token[] }>("/v1/tokens");
  const [secret, setSecret] = useState<string | null>(null);
  const acting = useAction();
  if (!resource.data) {
    return resource.error ? (
      <Problem error={resource.error} onRetry={resource.reload} />
    ) : (
      <Skeleton lines={6} />
    );
  }
  const revoke = (token: Token): void => {
    const warning = token.is_mine
      ? `Revoke “${token.name}”? You are signed in with it: this signs you out.`
      : `Revoke “${token.name}”? Whoever uses it is locked out at once.`;
    if (!confirm(warning)) return;
    void acting.act(async () => {
      await remove(`/v1/tokens/${encodeURIComponent(token.id)}`);
      resource.reload();
    }, `Revoked: ${token.name}.`);
  };
  return (
    <section>
      <p class="section-about">
        Programs send and read with a token, and people sign in with one. A token reaches one app, or
        every app of the account.
      </p>
      {secret && (
        <div class="secret" role="status">
          <p>
            <b>Keep this token now: it is shown this once.</b>
          </p>
          <p>
            <code>{secret}</code> <CopyButton text={secret} label="Copy the token" />
            <button type="button" class="quiet" onClick={() => setSecret(null)}>
              Hide it
            </button>
          </p>
        </div>
      )}
      <NewToken
        acting={acting}
        onMake={(wanted) =>
          void acting.act(async () => {
            const made = await post<{ secret: string }>("/v1/tokens", wanted);
            setSecret(made.secret);
            resource.reload();
          })
        }
      />
      <Outcome acting={acting} id="token-problem" />
      <table class="plain tokens">
        <thead>
          <tr>
            <th scope="col">Token</th>
            <th scope="col">May</th>
            <th scope="col">Reaches</th>
            <th scope="col" class="drop">Made</th>
            <th scope="col">Last used</th>
            <th scope="col">
              <span class="unseen">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {resource.data.tokens.map((token) => (
            <Row key={token.id} token={token} onRevoke={revoke} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ token, onRevoke }: { token: Token; onRevoke: (token: Token) => void }) {
  const app = me.value?.apps.find((one) => one.id === token.app_id);
  return (
    <tr class={token.revoked_at === null ? undefined : "revoked"}>
      <td>
        <Name name={token.name} />
        {token.is_mine && <span class="tag">You</span>}
      </td>
      <td>{token.role === "admin" ? "Read and write" : "Read"}</td>
      <td>{token.app_id === null ? "Whole account" : <Name name={app?.name ?? token.app_id} />}</td>
      <td class="drop">
        <Timestamp at={token.created_at} />
      </td>
      <td>{token.last_used_at === null ? "Never" : <Timestamp at={token.last_used_at} />}</td>
      <td class="number">
        {token.revoked_at === null ? (
          <button
            type="button"
            class="quiet"
            aria-label={`Revoke ${token.name}`}
            onClick={() => onRevoke(token)}
          >
            Revoke
          </button>
        ) : (
          <span class="faint">
            Revoked <Timestamp at={token.revoked_at} />
          </span>
        )}
      </td>
    </tr>
  );
}

interface Wanted {
  name: string;
  role: Role;
  app_id: string | null;
}

function NewToken({ acting, onMake }: { acting: Acting; onMake: (wanted: Wanted) => void }) {
  const only = me.value?.app_id ?? null;
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("read");
  const [appId, setAppId] = useState(only ?? "");
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        onMake({ name: name.trim(), role, app_id: appId || null });
        setName("");
      }}
    >
      <input
        aria-label="Name of the new token"
        placeholder="What it is for"
        required
        maxLength={200}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
        {...fieldState(acting, "token-problem")}
      />
      <select
        aria-label="What it may"
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
      >
        <option value="read">Read</option>
        <option value="admin">Read and write</option>
      </select>
      <select
        aria-label="In which app"
        value={appId}
        onChange={(event) => setAppId(event.currentTarget.value)}
      >
        {only === null && <option value="">The whole account</option>}
        {(me.value?.apps ?? []).map((app) => (
          <option key={app.id} value={app.id}>
            {isolate(formatName(app.name))}
          </option>
        ))}
      </select>
      <button type="submit" class="primary" disabled={acting.isBusy || !name.trim()}>
        Make a token
      </button>
    </form>
  );
}
