import { useState } from "preact/hooks";
import { app, me } from "../../account";
import { get, post, put, remove } from "../../api/request";
import { useResource } from "../../api/resource";
import type { WebhookSecret, WebhookStatus, WebhookStatusList } from "../../api/types";
import { CopyButton } from "../../components/copy_button";
import { Problem, Skeleton } from "../../components/placeholders";
import { Name } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { formatPlural } from "../../format/numbers";
import { kitPath } from "../session/snippets";
import { Deliveries } from "./deliveries";
import { fieldState, Outcome } from "./outcome";
import { type Acting, useAction } from "./use_action";
import { formatEventName, WEBHOOK_EVENTS } from "./webhook_events";

const PROBLEM = "webhook-problem";

/** Where what happens to sessions is posted, how the receivers answer, and what they were sent. */
export function Webhooks() {
  const appId = app.value?.id ?? "";
  const base = `/v1/apps/${encodeURIComponent(appId)}/webhooks`;
  const kit = `${kitPath(me.value?.account_id ?? "", appId)}/webhooks`;
  const resource = useResource<WebhookStatusList>(base);
  const acting = useAction();
  const [open, setOpen] = useState<string | null>(null);
  const [shown, setShown] = useState<WebhookSecret | null>(null);
  if (!resource.data) {
    return resource.error ? <Problem error={resource.error} onRetry={resource.reload} /> : <Skeleton lines={6} />;
  }
  const { webhooks } = resource.data;
  const act = (work: () => Promise<unknown>, done?: string): Promise<void> =>
    acting.act(async () => {
      await work();
      resource.reload();
    }, done);
  return (
    <section>
      <p class="section-about">
        What happens to the sessions of the app <Name name={app.value?.name} /> is posted to these addresses, signed and
        in RealtimeKit's format. <a href="/docs/guide/how-to/webhooks">How a receiver checks the signature</a>
      </p>
      <NewWebhook
        acting={acting}
        onAdd={(wanted) => act(() => post(kit, wanted), `Posted to ${wanted.name} from now on.`)}
      />
      <Outcome acting={acting} id={PROBLEM} />
      {shown && (
        <div class="secret" role="status">
          <p>
            The secret with which the header <code>webhook-signature</code> is checked:
          </p>
          <p>
            <code>{shown.secret}</code> <CopyButton text={shown.secret} label="Copy the secret" />
            <button type="button" class="quiet" onClick={() => setShown(null)}>
              Hide it
            </button>
          </p>
        </div>
      )}
      {!webhooks.length && <p class="faint">There is no webhook yet.</p>}
      {webhooks.map((webhook) => (
        <article key={webhook.id} class="set webhook" aria-label={webhook.name}>
          <div>
            <b>
              <Name name={webhook.name} />
            </b>{" "}
            <bdi class="faint long">{webhook.url}</bdi>
            <p>{webhook.events.map(formatEventName).join(", ")}</p>
            <Health webhook={webhook} />
            <div class="row">
              <button
                type="button"
                class="choice"
                disabled={acting.isBusy || !webhook.enabled}
                onClick={() =>
                  void act(() => post(`${base}/${webhook.id}/test`), "Sent. Its answer is in the deliveries.").then(() =>
                    setOpen(webhook.id),
                  )
                }
              >
                Send a test
              </button>
              <button
                type="button"
                class="choice"
                aria-expanded={open === webhook.id}
                onClick={() => setOpen(open === webhook.id ? null : webhook.id)}
              >
                Deliveries
              </button>
              <button
                type="button"
                class="quiet"
                onClick={() =>
                  void acting.act(async () => setShown(await get<WebhookSecret>(`${base}/${webhook.id}/secret`)))
                }
              >
                Show the secret
              </button>
              <button
                type="button"
                class="quiet"
                disabled={acting.isBusy}
                onClick={() => void act(() => put(`${kit}/${webhook.id}`, bodyOf(webhook, !webhook.enabled)))}
              >
                {webhook.enabled ? "Pause" : "Switch on"}
              </button>
              <button
                type="button"
                class="quiet"
                aria-label={`Remove ${webhook.name}`}
                onClick={() => {
                  if (!confirm(`Remove ${webhook.name}? What waits for it is not posted any more.`)) return;
                  void act(() => remove(`${kit}/${webhook.id}`), `Removed: ${webhook.name}.`);
                }}
              >
                Remove
              </button>
            </div>
            {open === webhook.id && <Deliveries path={`${base}/${webhook.id}`} />}
          </div>
        </article>
      ))}
    </section>
  );
}

function bodyOf(webhook: WebhookStatus, enabled: boolean): object {
  const { name, url, events, meeting_ids } = webhook;
  return { name, url, events, meeting_ids, enabled };
}

function Health({ webhook }: { webhook: WebhookStatus }) {
  if (webhook.unsubscribed_at !== null) {
    return (
      <p class="is-loss">
        Switched off: the receiver answered <Timestamp at={webhook.unsubscribed_at} /> that it wants nothing more (410).
      </p>
    );
  }
  if (!webhook.enabled) return <p>Paused: nothing is posted.</p>;
  if (!webhook.failures) return null;
  return (
    <p class="is-loss">
      {formatPlural(webhook.failures, "attempt")} failed in a row
      {webhook.paused_until !== null && (
        <>
          ; the next is <Timestamp at={webhook.paused_until} />
        </>
      )}
      .
    </p>
  );
}

interface Wanted {
  name: string;
  url: string;
  events: string[];
}

function NewWebhook({ acting, onAdd }: { acting: Acting; onAdd: (wanted: Wanted) => Promise<void> }) {
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<string[]>(["meeting.ended"]);
  const choose = (event: string, isWanted: boolean): void =>
    setEvents(isWanted ? [...events, event] : events.filter((each) => each !== event));
  return (
    <form
      class="source-form"
      onSubmit={(event) => {
        event.preventDefault();
        void onAdd({ name: name.trim(), url: url.trim(), events });
      }}
    >
      <label>
        Name
        <input required maxLength={256} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label>
        Address
        <input
          type="url"
          required
          maxLength={2048}
          placeholder="https://…"
          value={url}
          onInput={(event) => setUrl(event.currentTarget.value)}
          {...fieldState(acting, PROBLEM)}
        />
      </label>
      <fieldset class="wide event-choice">
        <legend>Events</legend>
        {WEBHOOK_EVENTS.map((event) => (
          <label key={event.name}>
            <input
              type="checkbox"
              checked={events.includes(event.name)}
              onChange={(changed) => choose(event.name, changed.currentTarget.checked)}
            />
            {event.title}
          </label>
        ))}
      </fieldset>
      <div class="row">
        <button type="submit" class="primary" disabled={acting.isBusy || !name.trim() || !url.trim() || !events.length}>
          Add the webhook
        </button>
      </div>
    </form>
  );
}
