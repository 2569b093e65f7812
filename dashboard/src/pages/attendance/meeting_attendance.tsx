import { withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import type { MeetingAttendance } from "../../api/types";
import { now } from "../../clock";
import { Empty, Failed, Skeleton, Trouble } from "../../components/placeholders";
import { Clamped, Title } from "../../components/texts";
import { formatTitle } from "../../format/labels";
import { formatCount, formatNumber, formatPlural } from "../../format/numbers";
import { formatDate } from "../../format/time";
import { isolate } from "../../format/texts";
import { formatFullZone, zone } from "../../format/zone";
import { place } from "../../route";
import { useTitle } from "../../title";
import { Figure, ReportHead } from "./frame";
import { Explanation } from "./session_attendance";
import { AttendanceTable } from "./table";

/** Who attended the sessions of one meeting. */
export function MeetingAttendancePage({ appId, meetingId }: { appId: string; meetingId: string }) {
  const { query } = place.value;
  const period = { from: query.get("from"), to: query.get("to") };
  const base = `/v1/apps/${encodeURIComponent(appId)}/meetings/${encodeURIComponent(meetingId)}/attendance`;
  const resource = useResource<MeetingAttendance>(withQuery(base, period));
  const { data } = resource;
  const titled = data && { title: data.title, participants: data.items, total_participants: data.total.people };
  useTitle(titled ? `Attendance: ${isolate(formatTitle(titled))}` : "Attendance");
  if (!data || !titled)
    return resource.error ? (
      <Failed what="meeting" resource={resource} />
    ) : (
      <Skeleton lines={12} isTall onStop={resource.stop} />
    );
  return (
    <article class="page report">
      <ReportHead
        title="Attendance of all sessions"
        csv={withQuery(base, { ...period, format: "csv", tz: zone.value })}
        crumbs={
          <>
            <a href="/sessions">Sessions</a> /{" "}
            <a class="long" href={`/sessions?meeting_id=${encodeURIComponent(meetingId)}`}>
              <Title call={titled} />
            </a>
          </>
        }
      />
      <p class="session-facts">
        <strong>
          <Clamped lines={2}>
            <Title call={titled} />
          </Clamped>
        </strong>
        <span>{daysOf(data)}</span>
      </p>
      <Trouble resource={resource} />
      <Figures data={data} />
      {data.sessions < data.all_sessions && (
        <p class="note" role="status">
          The latest {formatCount(data.sessions)} of {formatPlural(data.all_sessions, "session")} are added up here. The CSV
          has all of them.
        </p>
      )}
      {data.items.length ? (
        <AttendanceTable caption="Attendance" rows={data.items} total={data.total} />
      ) : (
        <Empty title="Nobody has joined" />
      )}
      <Explanation />
    </article>
  );
}

function daysOf(data: MeetingAttendance): string {
  if (data.first_at === null || data.last_at === null) return "";
  const at = now.peek();
  const [first, last] = [formatDate(data.first_at, at), formatDate(data.last_at, at)];
  return `${first === last ? first : `${first} – ${last}`}, times in ${formatFullZone(data.last_at)}`;
}

function Figures({ data }: { data: MeetingAttendance }) {
  const { total, sessions } = data;
  return (
    <dl class="figures">
      <Figure name="Sessions" value={formatCount(sessions)} />
      <Figure name="People" value={formatCount(total.people)} />
      <Figure name="Person-minutes" value={formatNumber(total.minutes)} title={`${total.minutes} min`} />
      <Figure name="In all sessions" value={`${formatCount(inAll(data))} of ${formatCount(total.people)}`} />
    </dl>
  );
}

function inAll({ items, sessions }: MeetingAttendance): number {
  return items.filter((row) => row.sessions === sessions).length;
}
