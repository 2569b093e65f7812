import { Clamped, Title } from "../components/texts";
import { isolate } from "../format/texts";
import { useEffect, useRef } from "preact/hooks";
import { app, chooseApp, me } from "../account";
import { useLive } from "../api/live";
import { useResource } from "../api/resource";
import type { SessionPage, SessionRow } from "../api/types";
import { aheadOf, now } from "../clock";
import { Sparkline, Verdict } from "../components/level";
import { Timestamp } from "../components/timestamp";
import { Failed, Skeleton, Trouble } from "../components/placeholders";
import { useTitle } from "../title";
import { formatCount, formatPlural, formatMinutes } from "../format/numbers";
import { formatName, formatPhase, formatTitle } from "../format/labels";
import { isSameDay, formatDuration } from "../format/time";
import { point } from "./session/time_cursor";
import { Diagnosis } from "./session/diagnosis";
import { kitPath } from "./session/snippets";
import { emptyTitle } from "./session/kept";
import { TalkPanel } from "./session/talk";
import { Timeline } from "./session/timeline";
import { Tools } from "./session/export_menu";
import { formatZone } from "../format/zone";

const RENEWED_EVERY_MS = 7_000;

/** The app of a session; requested only if the account has several. */
export function useAppOf(sessionId: string): { appId: string | null; lookup: ReturnType<typeof useResource> } {
  const isAlone = (me.value?.apps.length ?? 0) < 2;
  const lookup = useResource<{ app_id: string }>(isAlone ? null : `/v1/calls/${encodeURIComponent(sessionId)}`);
  const found = isAlone ? (app.value?.id ?? null) : (lookup.data?.app_id ?? null);
  useEffect(() => {
    if (found) chooseApp(found);
  }, [found]);
  return { appId: found, lookup };
}

/** One session: diagnosis, timelines of participants, quality, chat and transcript. */
export function SessionPage({ sessionId }: { sessionId: string }) {
  const { appId, lookup } = useAppOf(sessionId);
  const base = appId && `/v1/apps/${encodeURIComponent(appId)}/calls/${encodeURIComponent(sessionId)}`;
  const resource = useResource<SessionPage>(base);
  const { data } = resource;
  const isLive = data?.call.status === "LIVE";
  useTitle(data ? isolate(formatTitle(data.call)) : "Session");
  useRenewal(isLive ? appId : null, sessionId, resource.reload);
  useEffect(() => {
    if (data && resource.isCurrent) aheadOf(Math.max(data.now, now.peek()));
  }, [data]);
  useEffect(() => () => point(null), []);

  if (!data || !appId || !base) {
    const failed = [resource, lookup].find((one) => one.error);
    return failed ? (
      <Failed what="session" resource={failed} />
    ) : (
      <Skeleton lines={14} isTall onStop={resource.stop} />
    );
  }
  const kit = `${kitPath(me.value?.account_id ?? "", appId)}/sessions/${encodeURIComponent(sessionId)}`;
  return (
    <article class="page session">
      <Head page={data} appId={appId} rawPath={kit} base={base} />
      <Trouble resource={resource} />
      <Diagnosis
        findings={data.diagnosis}
        isCut={data.diagnosis_is_cut}
        sessionId={sessionId}
        otherwise={sayNothingFound(data)}
      />
      <div class="beside">
        <Timeline page={data} />
        <TalkPanel page={data} base={base} kit={kit} onChange={resource.reload} />
      </div>
      <Rooms page={data} />
    </article>
  );
}

/** The page of a live session is requested repeatedly, and at once after a join or leave. */
function useRenewal(appId: string | null, sessionId: string, reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    if (!appId) return;
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, RENEWED_EVERY_MS);
    return () => clearInterval(timer);
  }, [appId]);
  useLive(appId, {
    onHello: () => {},
    onUpdate: (_, news) => {
      if (news.id === sessionId) latest.current();
    },
  });
}

function sayNothingFound(page: SessionPage): string {
  const { call, lanes } = page;
  const measured = lanes.filter((lane) => lane.is_measured).length;
  if (!lanes.length) return "Nobody has joined.";
  if (!measured) return `${emptyTitle(page, "reports", "Nobody was measured in this session")}: only who was there is known.`;
  const so = call.status === "LIVE" ? "So far nothing" : "Nothing";
  return measured === lanes.length
    ? `${so} wrong was found.`
    : `${so} wrong was found; ${measured} of ${formatPlural(lanes.length, "participant")} were measured.`;
}

function Head(props: { page: SessionPage; appId: string; rawPath: string; base: string }) {
  const { page } = props;
  const { call } = page;
  return (
    <header class="session-head">
      <div class="row">
        <p class="crumbs">
          <a href="/sessions">Sessions</a>
          {page.parent && (
            <>
              {" / "}
              <a href={`/sessions/${page.parent.id}`}>
                <Title call={page.parent} />
              </a>
            </>
          )}
        </p>
        <Tools
          appId={props.appId}
          sessionId={call.id}
          rawPath={props.rawPath}
          artefacts={page.artefacts}
        />
      </div>
      <h1>
        <Clamped lines={2}>
          <Title call={call} />
        </Clamped>
        {call.status === "LIVE" ? (
          <span class="live-mark">{formatPhase(call)}</span>
        ) : (
          <span class="tag">{formatPhase(call)}</span>
        )}
      </h1>
      <p class="session-facts">
        <When call={call} />
        <span>
          {call.status === "LIVE" && `${formatCount(call.live_participants)} there of `}
          {formatPlural(call.total_participants, "participant")}, at most{" "}
          {formatCount(call.max_concurrent_participants)} at once
        </span>
        <span>{formatMinutes(call.minutes)} participant minutes</span>
        <Verdict quality={call.quality} isInFull />
        <a href={`/sessions?meeting_id=${call.meeting_id}&meeting_id_name=${encodeURIComponent(formatTitle(call))}`}>
          All of this meeting
        </a>
      </p>
    </header>
  );
}

function When({ call }: { call: SessionRow }) {
  const start = call.started_at ?? call.created_at;
  const isOver = call.ended_at !== null;
  const end = call.ended_at ?? now.value;
  return (
    <span>
      <Timestamp at={start} />
      {isOver && (
        <>
          {" – "}
          <Timestamp at={end} as={isSameDay(start, end) ? "clock" : "moment"} />
        </>
      )}{" "}
      {formatZone(start)}, {formatDuration(end - start)}
      {!isOver && " so far"}
    </span>
  );
}

function Rooms({ page }: { page: SessionPage }) {
  if (!page.breakout_rooms.length) return null;
  return (
    <section class="rooms" aria-label="Breakout rooms">
      <h2>Breakout rooms</h2>
      <ul>
        {page.breakout_rooms.map((room) => (
          <li key={room.id}>
            <a href={`/sessions/${room.id}`}>
              <Title call={room} />
            </a>
            <span class="faint">
              <When call={room} /> · <bdi>{room.participants.map((one) => isolate(formatName(one.name))).join(", ")}</bdi>
            </span>
            {room.quality && <Sparkline shares={room.quality.shares} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
