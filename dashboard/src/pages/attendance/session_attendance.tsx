import { withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import type { SessionAttendance } from "../../api/types";
import { Empty, Failed, Skeleton, Trouble } from "../../components/placeholders";
import { Clamped, Title } from "../../components/texts";
import { formatTitle } from "../../format/labels";
import { formatCount, formatNumber, formatPlural } from "../../format/numbers";
import { formatPresence, formatSpan, formatTimeWithSeconds } from "../../format/time";
import { isolate } from "../../format/texts";
import { formatFullZone, zone } from "../../format/zone";
import { useTitle } from "../../title";
import { useAppOf } from "../session";
import { Figure, ReportHead } from "./frame";
import { AttendanceTable } from "./table";

const MINUTE_MS = 60_000;

/** Who attended one session, to be read, printed and downloaded. */
export function SessionAttendancePage({ sessionId }: { sessionId: string }) {
  const { appId, lookup } = useAppOf(sessionId);
  const path = appId && attendancePath(appId, sessionId);
  const resource = useResource<SessionAttendance>(path);
  const { data } = resource;
  const titled = data && { title: data.title, participants: data.items, total_participants: data.total.people };
  useTitle(titled ? `Attendance: ${isolate(formatTitle(titled))}` : "Attendance");
  if (!data || !path || !titled) {
    const failed = [resource, lookup].find((one) => one.error);
    return failed ? <Failed what="session" resource={failed} /> : <Skeleton lines={12} isTall onStop={resource.stop} />;
  }
  const isLive = data.status === "LIVE";
  const to = data.ended_at ?? data.now;
  return (
    <article class="page report">
      <ReportHead
        title="Attendance"
        csv={withQuery(path, { format: "csv", tz: zone.value })}
        crumbs={
          <>
            <a href="/sessions">Sessions</a> /{" "}
            <a class="long" href={`/sessions/${data.session_id}`}>
              <Title call={titled} />
            </a>
          </>
        }
      >
        <a class="quiet" href={`/meetings/${encodeURIComponent(data.meeting_id)}/attendance`}>
          All sessions of the meeting
        </a>
      </ReportHead>
      <p class="session-facts">
        <strong>
          <Clamped lines={2}>
            <Title call={titled} />
          </Clamped>
        </strong>
        <span>
          {formatSpan(data.started_at, data.ended_at)} {formatFullZone(data.started_at)}
        </span>
        {isLive && <span class="live-mark">goes on; counted up to {formatTimeWithSeconds(data.now)}</span>}
      </p>
      <Trouble resource={resource} />
      <Figures data={data} to={to} />
      {data.items.length ? (
        <AttendanceTable
          caption="Attendance"
          rows={data.items}
          total={data.total}
          span={{ from: data.started_at, to }}
        />
      ) : (
        <Empty title="Nobody has joined" />
      )}
      <Explanation />
    </article>
  );
}

/** The address of a session's attendance. */
export function attendancePath(appId: string, sessionId: string): string {
  return `/v1/apps/${encodeURIComponent(appId)}/calls/${encodeURIComponent(sessionId)}/attendance`;
}

function Figures({ data, to }: { data: SessionAttendance; to: number }) {
  const { total, at_once } = data;
  const most = at_once && at_once.most > 1 && (
    <>
      {at_once.most === total.people ? `all ${formatCount(at_once.most)}` : formatPlural(at_once.most, "person", "people")} at
      once, {formatTimeWithSeconds(at_once.from_at)}–{formatTimeWithSeconds(at_once.to_at)}
    </>
  );
  return (
    <dl class="figures">
      <Figure name="People" value={formatCount(total.people)} note={most} />
      <Figure name="Length" value={formatPresence((to - data.started_at) / MINUTE_MS)} />
      <Figure name="Person-minutes" value={formatNumber(total.minutes)} title={`${total.minutes} min`} />
      <Figure
        name="There all the time"
        value={`${formatCount(at_once?.all_the_time ?? 0)} of ${formatCount(total.people)}`}
        note="within 15 s of start and end"
      />
    </dl>
  );
}

/** What the rows and marks mean. */
export function Explanation() {
  return (
    <p class="faint small">
      A person who came back, or was there in two tabs, is one row. ~ marks an end that nobody reported and that was
      inferred from the last report; the CSV has it as <code>left_is_inferred</code>.
    </p>
  );
}
