import { withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import type { PeriodRow, Usage } from "../../api/types";
import { now } from "../../clock";
import { Failed, listClass, Skeleton, Trouble } from "../../components/placeholders";
import { formatCount, formatNumber } from "../../format/numbers";
import { formatDate, formatMonth } from "../../format/time";
import { formatFullZone, zone } from "../../format/zone";
import { place } from "../../route";
import { useTitle } from "../../title";
import { ReportHead } from "./frame";

const DAY_MS = 86_400_000;
const KINDS = [
  ["month", "Months"],
  ["week", "Weeks"],
] as const;

/** Sessions, people and person-minutes of each week or month. */
export function UsagePage({ appId }: { appId: string }) {
  const by = place.value.query.get("by") === "week" ? "week" : "month";
  const base = `/v1/apps/${encodeURIComponent(appId)}/usage`;
  const query = { by, tz: zone.value };
  const resource = useResource<Usage>(withQuery(base, query));
  const { data } = resource;
  useTitle("Usage");
  if (!data) {
    return resource.error ? <Failed what="usage" resource={resource} /> : <Skeleton lines={12} isTall onStop={resource.stop} />;
  }
  return (
    <article class="page report">
      <ReportHead
        title="Usage"
        csv={withQuery(base, { ...query, format: "csv" })}
        crumbs={
          <>
            <a href="/people">People</a> /
          </>
        }
      >
        <nav class="row" aria-label="Length of the periods">
          {KINDS.map(([kind, name]) => (
            <a
              key={kind}
              class={kind === by ? "choice active" : "choice"}
              aria-current={kind === by ? "page" : undefined}
              href={withQuery("/usage", { by: kind })}
            >
              {name}
            </a>
          ))}
        </nav>
      </ReportHead>
      <p class="session-facts">
        <span>Ended sessions by when they began, times in {formatFullZone(now.peek())}</span>
      </p>
      <Trouble resource={resource} />
      <div class={listClass(resource)}>
        <Table rows={data.items} isByMonth={by === "month"} />
      </div>
      <p class="faint small">
        Person-minutes are the minutes of all participants, as they are metered. A person of several{" "}
        {by === "month" ? "months" : "weeks"} counts in each. Sessions that were deleted count no more.
      </p>
    </article>
  );
}

function Table({ rows, isByMonth }: { rows: readonly PeriodRow[]; isByMonth: boolean }) {
  const most = Math.max(1, ...rows.map((row) => row.minutes));
  return (
    <table class="attendance usage">
      <caption class="unseen">Usage</caption>
      <thead>
        <tr>
          <th scope="col">{isByMonth ? "Month" : "Week"}</th>
          <th scope="col" class="number">
            Sessions
          </th>
          <th scope="col" class="number">
            People
          </th>
          <th scope="col" class="number">
            Person-minutes
          </th>
          <th scope="col" class="c-stays">
            <span class="unseen">Share of the most</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">
              {isByMonth ? (
                <a class="row-link" href={withQuery("/attendance", { month: row.name })}>
                  {formatMonth(row.from_at)}
                </a>
              ) : (
                <span title={row.name}>{weekOf(row)}</span>
              )}
              {!row.is_over && <span class="faint"> so far</span>}
            </th>
            <td class="number">{formatCount(row.sessions)}</td>
            <td class="number">{formatCount(row.people)}</td>
            <td class="number" title={`${row.minutes} min`}>
              {formatNumber(row.minutes)}
            </td>
            <td class="c-stays">
              <svg class="stays" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                <rect x={0} y={0} width={(1_000 * row.minutes) / most} height={10} />
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** From Monday to Sunday. */
function weekOf(row: PeriodRow): string {
  const at = now.peek();
  return `${formatDate(row.from_at, at)} – ${formatDate(row.to_at - DAY_MS / 2, at)}`;
}
