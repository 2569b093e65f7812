import { Clamped, Name, Title } from "../components/texts";
import { isolate } from "../format/texts";
import { useEffect, useRef } from "preact/hooks";
import { me } from "../account";
import { withQuery } from "../api/request";
import { useResource } from "../api/resource";
import type { ParticipantPage as Page, Stream, TimelineIssue } from "../api/types";
import { LevelMark } from "../components/level";
import { Timestamp } from "../components/timestamp";
import { Empty, Failed, Skeleton, Trouble } from "../components/placeholders";
import { useWidth } from "../components/use_width";
import { goQuery, place } from "../route";
import { colours } from "../theme";
import { useTitle } from "../title";
import { formatMinutes, formatMos, formatMilliseconds, formatPercent } from "../format/numbers";
import { formatLevel } from "../format/quality";
import { formatFamily, formatName, formatTitle } from "../format/labels";
import { formatTimeWithSeconds } from "../format/time";
import { Bands } from "./participant/issue_bands";
import { ConnectionCharts, StreamCharts } from "./participant/charts";
import { Facts } from "./participant/facts";
import { findOther, worstOf } from "./participant/metrics";
import { StreamList, formatOtherEnds } from "./participant/streams";
import { useAppOf } from "./session";
import { cursor, pin, pinned, point } from "./session/time_cursor";
import { Diagnosis } from "./session/diagnosis";
import { drawLane, LANE_HEIGHT } from "./session/draw_timeline";
import { kitPath } from "./session/snippets";
import { Tools } from "./session/export_menu";
import { formatZone } from "../format/zone";

const POINTS = 800;
const RENEWED_EVERY_MS = 7_000;

/** One participant: every stream as charts, with the same time at the other end. */
export function ParticipantPage({ sessionId, peerId }: { sessionId: string; peerId: string }) {
  const { appId, lookup } = useAppOf(sessionId);
  const base = `/v1/apps/${encodeURIComponent(appId ?? "")}/calls/${encodeURIComponent(sessionId)}`;
  const { query } = place.value;
  const path = (id: string): string =>
    withQuery(`${base}/peers/${encodeURIComponent(id)}/series`, {
      points: String(POINTS),
      from: query.get("from"),
      to: query.get("to"),
    });
  const resource = useResource<Page>(appId ? path(peerId) : null);
  const { data } = resource;
  const isLive = data?.call.status === "LIVE";
  useTitle(data ? `${isolate(formatName(data.lane.name))} in ${isolate(formatTitle(data.call))}` : "Participant");
  useEffect(() => () => point(null), []);
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => {
      if (!document.hidden) resource.reload();
    }, RENEWED_EVERY_MS);
    return () => clearInterval(timer);
  }, [isLive]);

  if (!data || !appId) {
    const failed = [resource, lookup].find((one) => one.error);
    return failed ? (
      <Failed what="participant" resource={failed} />
    ) : (
      <Skeleton lines={14} isTall onStop={resource.stop} />
    );
  }
  return (
    <article class="page session peer">
      <Head page={data} appId={appId} peerId={peerId} />
      <Trouble resource={resource} />
      <Diagnosis
        findings={data.lane.diagnosis}
        sessionId={sessionId}
        otherwise={
          data.lane.is_measured
            ? `Nothing wrong was found${isLive ? " so far" : ""}.`
            : "Nothing was measured here: only when they were there is known."
        }
      />
      <div class="beside">
        <Streams page={data} pathOf={path} />
        <Facts page={data} />
      </div>
    </article>
  );
}

function Head({ page, appId, peerId }: { page: Page; appId: string; peerId: string }) {
  const { call, lane } = page;
  const reportOf = lane.peers.find((peer) => peer.id === peerId)?.id ?? lane.peers[0]?.id ?? peerId;
  return (
    <header class="session-head">
      <div class="row">
        <p class="crumbs">
          <a href="/sessions">Sessions</a>
          {" / "}
          <a href={`/sessions/${call.id}`}>
            <Title call={call} />
          </a>
        </p>
        <Tools
          appId={appId}
          sessionId={call.id}
          peerId={reportOf}
          rawPath={`${kitPath(me.value?.account_id ?? "", appId)}/sessions/peer-report/${reportOf}`}
        />
      </div>
      <h1 class="with-level">
        <LevelMark level={lane.level} />
        <span>
          <Clamped lines={2}>
            <Name name={lane.name} />
          </Clamped>
        </span>
        {call.status === "LIVE" && <span class="live-mark">Live</span>}
      </h1>
      <p class="session-facts">
        <span>
          {lane.joined_at !== null && <Timestamp at={lane.joined_at} />}
          {lane.left_at !== null && (
            <>
              {" – "}
              <Timestamp at={lane.left_at} as="clock" />
              {lane.left_is_inferred && " (inferred)"}
            </>
          )}
          {lane.joined_at !== null && ` ${formatZone(lane.joined_at)}`}, {formatMinutes(lane.minutes)} min
        </span>
        <span>
          {formatLevel(lane.level)}; MOS, worst tenth: audio {formatMos(lane.p10_mos_audio)}, video {formatMos(lane.p10_mos_video)}
        </span>
        <span>
          Loss {formatPercent(lane.loss_percent)}, round trip {formatMilliseconds(lane.rtt_ms)}
        </span>
        <a href={`/people/${encodeURIComponent(lane.person)}`}>All calls of this person</a>
      </p>
    </header>
  );
}

function Streams({ page, pathOf }: { page: Page; pathOf: (id: string) => string }) {
  const { query } = place.value;
  const chosen =
    page.streams.find((stream) => stream.key === query.get("stream")) ??
    worstOf(page.streams, page.lane.issues);
  const others = chosen?.others ?? [];
  const other = others.find((one) => idOf(one) === query.get("other")) ?? others[0] ?? null;
  const there = useResource<Page>(other ? pathOf(idOf(other)) : null);
  const otherStream = other && there.data ? findOther(there.data.streams, other) : null;
  const frame = { from_at: page.from_at, to_at: page.to_at, onZoom: zoomTo };
  if (!chosen) {
    return (
      <div class="charts">
        <Empty title="No stream was measured" />
        <ConnectionCharts page={page} {...frame} />
      </div>
    );
  }
  return (
    <div class="charts">
      <StreamList streams={page.streams} chosen={chosen} />
      <div class="charts-head row">
        <h2>
          {formatFamily(chosen.family)} {chosen.is_sent ? "sent" : "received"}{" "}
          <span class="faint">{formatOtherEnds(chosen)}</span>
        </h2>
        <OtherChoice stream={chosen} other={other} />
        <CursorTime />
      </div>
      <WhatHappened page={page} />
      <StreamCharts
        {...frame}
        stream={chosen}
        other={otherStream}
        otherName={other && `${isolate(formatName(other.name))}’s end`}
      />
      <Bands issues={issuesOf(page, chosen)} stream={chosen} scale={page} />
      <ConnectionCharts page={page} {...frame} />
    </div>
  );
}

/** The id of the participant's page: of its first peer, else its own. */
function idOf(end: Stream["others"][number]): string {
  return end.peer_id ?? end.participant_id;
}

/** A chooser of the shown receiver of a sent stream, with a link to its page. */
function OtherChoice({ stream, other }: { stream: Stream; other: Stream["others"][number] | null }) {
  const session = place.value.path.replace(/\/peers\/.*/, "");
  if (!other) return null;
  const address = `${session}/peers/${other.participant_id}`;
  const at = pinned.value === null ? "" : `?at=${pinned.value}`;
  return (
    <span class="row">
      {stream.others.length > 1 && (
        <select
          aria-label="The other end"
          value={idOf(other)}
          onChange={(event) => goQuery({ other: event.currentTarget.value }, true)}
        >
          {stream.others.map((one) => (
            <option key={idOf(one)} value={idOf(one)}>
              {isolate(formatName(one.name))}
            </option>
          ))}
        </select>
      )}
      <a href={address + at}>The same time at <Name name={other.name} />’s end</a>
    </span>
  );
}

function CursorTime() {
  const at = cursor.value;
  const { query } = place.value;
  return (
    <span class="row charts-time">
      {at !== null && <time class="cursor-time">{formatTimeWithSeconds(at)}</time>}
      {pinned.value !== null && (
        <button type="button" class="quiet" onClick={() => pin(null)}>
          Let go
        </button>
      )}
      {query.get("from") ? (
        <button type="button" class="choice" onClick={() => goQuery({ from: null, to: null })}>
          Whole call
        </button>
      ) : (
        <span class="faint">Drag over a chart to look closer</span>
      )}
    </span>
  );
}

function zoomTo(from: number, to: number): void {
  goQuery({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
}

/** Issues of the stream and of the connection below all streams. */
function issuesOf(page: Page, stream: Stream): TimelineIssue[] {
  return page.lane.issues.filter((issue) => issue.stream === null || issue.stream === stream.key);
}

/** Joins, mutes and screen shares over the charts' time. */
function WhatHappened({ page }: { page: Page }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(box);
  const look = colours.value;
  useEffect(() => {
    if (!canvas.current) return;
    const span = { ...page, bucket_ms: 1, buckets: 0 };
    drawLane(canvas.current, width, span, { ...page.lane, levels: [] });
  }, [page, width, look]);
  return (
    <div class="happened">
      <p class="faint">There, muted, sharing</p>
      <div ref={box}>
        <canvas ref={canvas} height={LANE_HEIGHT} aria-hidden="true" />
      </div>
    </div>
  );
}
