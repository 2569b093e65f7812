import { withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import type { AttendanceRow, MonthAttendance } from "../../api/types";
import { now } from "../../clock";
import { LoadMoreButton, useLoadMore } from "../../components/load_more";
import { Empty, Failed, listClass, Skeleton, Trouble } from "../../components/placeholders";
import { formatCount, formatNumber } from "../../format/numbers";
import { formatMonth, monthAfter, monthOf } from "../../format/time";
import { formatFullZone, zone } from "../../format/zone";
import { place } from "../../route";
import { useTitle } from "../../title";
import { Figure, ReportHead } from "./frame";
import { Explanation } from "./session_attendance";
import { AttendanceTable } from "./table";

const MONTH = /^20\d\d-(0[1-9]|1[0-2])$/;

/** The month of the address, or the present one. */
function chosenMonth(): string {
  const given = place.value.query.get("month") ?? "";
  return MONTH.test(given) ? given : monthOf(now.peek());
}

/** Who attended calls in a month. */
export function MonthAttendancePage({ appId }: { appId: string }) {
  const month = chosenMonth();
  const base = `/v1/apps/${encodeURIComponent(appId)}/attendance`;
  const path = withQuery(base, { month, tz: zone.value });
  const resource = useResource<MonthAttendance>(path);
  const { data } = resource;
  const list = useLoadMore<AttendanceRow>(path, data, (answer) => answer as MonthAttendance);
  const title = `Attendance in ${data && resource.isCurrent ? formatMonth(data.month.from_at) : month}`;
  useTitle(title);
  if (!data) {
    return resource.error ? <Failed what="month" resource={resource} /> : <Skeleton lines={12} isTall onStop={resource.stop} />;
  }
  const { people, sessions, minutes, is_over } = data.month;
  return (
    <article class="page report">
      <ReportHead
        title={title}
        csv={withQuery(base, { month, tz: zone.value, format: "csv" })}
        beforePrint={list.loadAll}
        crumbs={
          <>
            <a href="/people">People</a> / <a href="/usage">Usage</a> /
          </>
        }
      >
        <MonthSteps path="/attendance" month={month} />
      </ReportHead>
      <p class="session-facts">
        <span>
          Ended sessions that began in the month, times in {formatFullZone(data.month.from_at)}
          {!is_over && ", up to now"}
        </span>
      </p>
      <Trouble resource={resource} />
      <dl class="figures">
        <Figure name="People" value={formatCount(people)} />
        <Figure name="Sessions" value={formatCount(sessions)} />
        <Figure name="Person-minutes" value={formatNumber(minutes)} title={`${minutes} min`} />
      </dl>
      <div class={listClass(resource)}>
        {list.items.length ? (
          <AttendanceTable caption={title} rows={list.items} total={list.hasMore ? null : totalOf(list.items)} />
        ) : (
          <Empty title="Nobody attended in this month" />
        )}
        <LoadMoreButton list={list} />
      </div>
      {list.hasMore && <p class="faint small">More people follow. The CSV has all of them and the sum.</p>}
      <Explanation />
    </article>
  );
}

/** The sum of all rows, in the minutes of the rows. */
function totalOf(rows: readonly AttendanceRow[]) {
  const talks = rows.flatMap((row) => (row.talk_minutes === null ? [] : [row.talk_minutes]));
  const sum = (values: readonly number[]): number =>
    Math.round(10_000 * values.reduce((one, other) => one + other, 0)) / 10_000;
  return {
    people: rows.length,
    stays: sum(rows.map((row) => row.stays)),
    minutes: sum(rows.map((row) => row.minutes)),
    talk_minutes: talks.length ? sum(talks) : null,
  };
}

/** Links to the months before and after. */
export function MonthSteps({ path, month }: { path: string; month: string }) {
  const isLast = month >= monthOf(now.value);
  return (
    <nav class="row" aria-label="Months">
      <a class="choice" href={withQuery(path, { month: monthAfter(month, -1) })}>
        Month before
      </a>
      {!isLast && (
        <a class="choice" href={withQuery(path, { month: monthAfter(month, 1) })}>
          Month after
        </a>
      )}
    </nav>
  );
}
