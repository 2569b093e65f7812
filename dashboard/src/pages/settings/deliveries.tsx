import { useEffect, useState } from "preact/hooks";
import { post, withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import type { DeliveryPage, DeliveryStatus } from "../../api/types";
import { LoadMoreButton, useLoadMore } from "../../components/load_more";
import { Problem, Skeleton } from "../../components/placeholders";
import { Timestamp } from "../../components/timestamp";
import { formatPlural } from "../../format/numbers";
import { Outcome } from "./outcome";
import { useAction } from "./use_action";
import { formatEventName } from "./webhook_events";

/** So soon the list is requested again while something in it waits. */
const AGAIN_MS = 3_000;
const WEEK_MS = 7 * 86_400_000;

const STATES: Record<DeliveryStatus["state"], string> = {
  waiting: "Waiting",
  sent: "Answered",
  refused: "Refused",
  dead: "Given up",
  dropped: "Not sent",
};

/** What a webhook was sent, the latest first; what failed can be posted again. */
export function Deliveries({ path }: { path: string }) {
  const [state, setState] = useState("");
  const listed = withQuery(`${path}/deliveries`, { state: state || null });
  const resource = useResource<DeliveryPage>(listed);
  const { data } = resource;
  const list = useLoadMore<DeliveryStatus>(listed, data && { items: data.deliveries, next_cursor: data.next_cursor }, (answer) => {
    const page = answer as DeliveryPage;
    return { items: page.deliveries, next_cursor: page.next_cursor };
  });
  const acting = useAction();
  const isWaiting = data?.deliveries.some((each) => each.state === "waiting") ?? false;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setTimeout(resource.reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [data, isWaiting]);
  if (!data) {
    return resource.error ? <Problem error={resource.error} onRetry={resource.reload} /> : <Skeleton lines={4} />;
  }
  const replay = (work: () => Promise<string>): void =>
    void acting.act(async () => {
      await work();
      resource.reload();
    });
  return (
    <div class="deliveries">
      <div class="row">
        <select aria-label="Which deliveries" value={state} onChange={(event) => setState(event.currentTarget.value)}>
          <option value="">All deliveries</option>
          {Object.entries(STATES).map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="choice"
          disabled={acting.isBusy}
          onClick={() =>
            void acting.act(async () => {
              const until = Date.now() + 1;
              const range = { from: new Date(until - WEEK_MS).toISOString(), until: new Date(until).toISOString() };
              const { replayed } = await post<{ replayed: number }>(`${path}/replay`, range);
              resource.reload();
              if (!replayed) throw new Error("Nothing of the last 7 days was given up.");
            }, "What was given up in the last 7 days is being posted again.")
          }
        >
          Post what was given up again
        </button>
      </div>
      <Outcome acting={acting} />
      {list.items.length ? (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Event</th>
              <th scope="col">State</th>
              <th scope="col">Last attempt</th>
              <th scope="col">
                <span class="unseen">Post again</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.items.map((each) => (
              <Row
                key={each.id}
                delivery={each}
                isBusy={acting.isBusy}
                onReplay={() => replay(() => post(`${path}/deliveries/${encodeURIComponent(each.id)}/replay`))}
              />
            ))}
          </tbody>
        </table>
      ) : (
        <p class="faint">{state ? "None is in this state." : "Nothing was posted yet."}</p>
      )}
      <LoadMoreButton list={list} />
    </div>
  );
}

function Row({ delivery, isBusy, onReplay }: { delivery: DeliveryStatus; isBusy: boolean; onReplay: () => void }) {
  const last = delivery.log.at(-1);
  return (
    <tr>
      <td>
        <Timestamp at={delivery.created_at} />
      </td>
      <td>
        {delivery.session_id ? (
          <a href={`/sessions/${delivery.session_id}`}>{formatEventName(delivery.event)}</a>
        ) : (
          formatEventName(delivery.event)
        )}
      </td>
      <td>
        {STATES[delivery.state]}
        {delivery.attempts > 1 && <span class="faint"> after {formatPlural(delivery.attempts, "attempt")}</span>}
      </td>
      <td title={delivery.excerpt ?? undefined}>
        {last ? (
          <>
            {last.status ?? last.error} <span class="faint">in {last.took_ms} ms</span>
          </>
        ) : (
          <span class="faint">None yet</span>
        )}
        {delivery.next_at !== null && delivery.attempts > 0 && (
          <span class="faint">
            {" "}
            · next <Timestamp at={delivery.next_at} />
          </span>
        )}
      </td>
      <td class="number">
        {delivery.state !== "waiting" && (
          <button type="button" class="quiet" disabled={isBusy} onClick={onReplay}>
            Post again
          </button>
        )}
      </td>
    </tr>
  );
}
