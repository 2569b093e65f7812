import { app } from "../../account";
import { post, put, remove, withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import type { Alert, AlertPage, Channel, ChannelList, ChannelTest, Rule, RuleList } from "../../api/types";
import { LoadMoreButton, useLoadMore } from "../../components/load_more";
import { Problem, Skeleton } from "../../components/placeholders";
import { Name } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { now } from "../../clock";
import { CHANNEL_KINDS, formatCondition, formatTarget } from "./alert_words";
import { NewChannel } from "./new_channel";
import { NewRule } from "./new_rule";
import { Outcome } from "./outcome";
import { type Acting, useAction } from "./use_action";

const HOUR_S = 3_600;

/** Rules that the server evaluates by itself, where it sends what they raise, and what that was. */
export function Alerts() {
  const appId = app.value?.id ?? "";
  const base = `/v1/apps/${encodeURIComponent(appId)}`;
  const rules = useResource<RuleList>(`${base}/alert-rules`);
  const channels = useResource<ChannelList>(`${base}/alert-channels`);
  const acting = useAction();
  const failed = [rules, channels].find((one) => one.error && !one.data);
  if (failed?.error) return <Problem error={failed.error} onRetry={failed.reload} />;
  if (!rules.data || !channels.data) return <Skeleton lines={8} />;
  const act = (work: () => Promise<unknown>, done?: string): Promise<void> =>
    acting.act(async () => {
      await work();
      rules.reload();
      channels.reload();
    }, done);
  const known = channels.data.channels;
  return (
    <section>
      <p class="section-about">
        The server looks by itself and sends a message with who, what and what to do.{" "}
        <a href="/docs/guide/how-to/alerts">What rules can do</a>
      </p>
      <Outcome acting={acting} id="alert-problem" />
      <h3>Rules</h3>
      <NewRule channels={known} acting={acting} onAdd={(spec) => act(() => post(`${base}/alert-rules`, spec), "The rule is on.")} />
      <Rules rules={rules.data.rules} channels={known} acting={acting} act={act} path={`${base}/alert-rules`} />
      <h3>Channels</h3>
      <NewChannel acting={acting} onAdd={(spec) => act(() => post(`${base}/alert-channels`, spec), "Stored. Its address is encrypted and is not shown again.")} />
      <Channels channels={known} acting={acting} act={act} path={`${base}/alert-channels`} />
      <h3>Raised</h3>
      <Raised path={`${base}/alerts`} />
    </section>
  );
}

interface ListProps {
  acting: Acting;
  act: (work: () => Promise<unknown>, done?: string) => Promise<void>;
  path: string;
}

function Rules({ rules, channels, acting, act, path }: ListProps & { rules: Rule[]; channels: Channel[] }) {
  if (!rules.length) return <p class="faint">There is no rule yet.</p>;
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Sent to</th>
          <th scope="col">
            <span class="unseen">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rules.map((each) => {
          const { id, rule } = each;
          const isMuted = each.muted_until !== null && each.muted_until > now.value;
          return (
            <tr key={id} class={rule.is_enabled ? undefined : "revoked"}>
              <td>
                <Name name={rule.name} />
                <p class="faint small">
                  {formatCondition(rule)}
                  {!rule.is_enabled && " · switched off"}
                  {isMuted && (
                    <>
                      {" "}
                      · muted until <Timestamp at={each.muted_until ?? 0} />
                    </>
                  )}
                </p>
              </td>
              <td>
                {rule.channels.map((one, place) => (
                  <span key={one}>
                    {place > 0 && ", "}
                    <Name name={channels.find((channel) => channel.id === one)?.name ?? "a removed channel"} />
                  </span>
                ))}
                {!rule.channels.length && <span class="faint">This page only</span>}
              </td>
              <td class="number">
                <button
                  type="button"
                  class="quiet"
                  disabled={acting.isBusy}
                  aria-label={isMuted ? `Unmute ${rule.name}` : `Mute ${rule.name} for an hour`}
                  onClick={() => void act(() => post(`${path}/${id}/mute`, { for_s: isMuted ? 0 : HOUR_S }))}
                >
                  {isMuted ? "Unmute" : "Mute 1 h"}
                </button>
                <button
                  type="button"
                  class="quiet"
                  disabled={acting.isBusy}
                  aria-label={`Switch ${rule.name} ${rule.is_enabled ? "off" : "on"}`}
                  onClick={() => void act(() => put(`${path}/${id}`, { ...rule, is_enabled: !rule.is_enabled }))}
                >
                  {rule.is_enabled ? "Off" : "On"}
                </button>
                <button
                  type="button"
                  class="quiet"
                  disabled={acting.isBusy}
                  aria-label={`Remove ${rule.name}`}
                  onClick={() => {
                    if (confirm(`Remove the rule ${rule.name}? What it has raised is over then.`))
                      void act(() => remove(`${path}/${id}`), `Removed: ${rule.name}.`);
                  }}
                >
                  Remove
                </button>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Channels({ channels, acting, act, path }: ListProps & { channels: Channel[] }) {
  if (!channels.length) return <p class="faint">There is no channel yet: alerts stand on this page only.</p>;
  const test = (channel: Channel): void =>
    void acting.act(async () => {
      const { is_delivered, problem } = await post<ChannelTest>(`${path}/${channel.id}/test`);
      if (!is_delivered) throw new Error(problem ?? "The test message was not delivered.");
    }, `The test message reached ${channel.name}.`);
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col">Leads to</th>
          <th scope="col">
            <span class="unseen">Change</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {channels.map((channel) => (
          <tr key={channel.id}>
            <td>
              <Name name={channel.name} />
            </td>
            <td>
              {CHANNEL_KINDS.find((each) => each.kind === channel.kind)?.title ?? channel.kind}{" "}
              <bdi class="faint long">{formatTarget(channel)}</bdi>
            </td>
            <td class="number">
              <button type="button" class="quiet" disabled={acting.isBusy} onClick={() => test(channel)}>
                Send a test
              </button>
              <button
                type="button"
                class="quiet"
                disabled={acting.isBusy}
                aria-label={`Remove ${channel.name}`}
                onClick={() => {
                  if (confirm(`Remove ${channel.name}? What waits for it is not sent.`))
                    void act(() => remove(`${path}/${channel.id}`), `Removed: ${channel.name}.`);
                }}
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

function Raised({ path }: { path: string }) {
  const listed = withQuery(path, { limit: "20" });
  const resource = useResource<AlertPage>(listed);
  const { data } = resource;
  const list = useLoadMore<Alert>(path, data && { items: data.alerts, next_cursor: data.next_cursor }, (answer) => {
    const page = answer as AlertPage;
    return { items: page.alerts, next_cursor: page.next_cursor };
  });
  if (!data) {
    return resource.error ? <Problem error={resource.error} onRetry={resource.reload} /> : <Skeleton lines={4} />;
  }
  if (!list.items.length) return <p class="faint">Nothing was raised yet.</p>;
  return (
    <>
      <ul class="raised">
        {list.items.map((alert) => (
          <li key={alert.id}>
            <p>
              <span class={alert.state === "open" ? "tag is-open" : "tag"}>{alert.state === "open" ? "Open" : "Over"}</span>{" "}
              <Timestamp at={alert.since_at} />
              {alert.resolved_at !== null && (
                <>
                  {" to "}
                  <Timestamp at={alert.resolved_at} />
                </>
              )}{" "}
              <a href={pathOf(alert.url)}>{alert.title}</a>
            </p>
            <p class="faint small">
              <bdi>{alert.sentence}</bdi> <bdi>{alert.advice}</bdi>
            </p>
          </li>
        ))}
      </ul>
      <LoadMoreButton list={list} />
    </>
  );
}

/** The page on this server, under whatever name it was reached. */
function pathOf(url: string): string {
  try {
    const { pathname, search } = new URL(url);
    return pathname + search;
  } catch {
    return "/sessions";
  }
}
