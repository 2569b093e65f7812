import { isolate } from "../format/texts";
import { useEffect } from "preact/hooks";
import { withQuery } from "../api/request";
import { useResource } from "../api/resource";
import type { ConnectionColumns, ParticipantPage as Page, Stream, TimelineIssue } from "../api/types";
import { lazy } from "../components/lazy";
import { Empty, Failed, Skeleton, Trouble } from "../components/placeholders";
import { Name } from "../components/texts";
import { formatName, formatTitle } from "../format/labels";
import { formatPlural } from "../format/numbers";
import { goQuery, place } from "../route";
import { useTitle } from "../title";
import { TimeAxis } from "./participant/axis";
import { Facts } from "./participant/facts";
import { Head, VerdictHead } from "./participant/head";
import { Bands, shadedBy } from "./participant/issue_bands";
import { findOther } from "./participant/metrics";
import { Path } from "./participant/path";
import { formatMedium, isLayerOf, StreamList } from "./participant/streams";
import { useAppOf } from "./session";
import { pin, pinned, point } from "./session/time_cursor";

// Their scripts come with the first chart.
const ConnectionCharts = lazy(() => import("./participant/charts").then((module) => module.ConnectionCharts));
const StreamCharts = lazy(() => import("./participant/charts").then((module) => module.StreamCharts));

const POINTS = 800;
const RENEWED_EVERY_MS = 7_000;

/** One participant: the verdict, and one stream as charts with the same time at the other end. */
export function ParticipantPage({ sessionId, peerId }: { sessionId: string; peerId: string }) {
  const { appId, lookup } = useAppOf(sessionId);
  const base = `/v1/apps/${encodeURIComponent(appId ?? "")}/calls/${encodeURIComponent(sessionId)}`;
  const { query } = place.value;
  const path = (id: string, stream: string): string =>
    withQuery(`${base}/peers/${encodeURIComponent(id)}/series`, {
      points: String(POINTS),
      stream,
      connection: "false",
      from: query.get("from"),
      to: query.get("to"),
    });
  const resource = useResource<Page>(appId ? path(peerId, query.get("stream") ?? "worst") : null);
  const { data } = resource;
  // For this every sample is read: it comes after the rest is on the page.
  const connection = useResource<ConnectionColumns>(
    data && appId
      ? withQuery(`${base}/peers/${encodeURIComponent(peerId)}/connection`, {
          points: String(POINTS),
          from: query.get("from"),
          to: query.get("to"),
        })
      : null,
  );
  const isOpen = data !== undefined && !data.is_final;
  useTitle(data ? `${isolate(formatName(data.lane.name))} in ${isolate(formatTitle(data.call))}` : "Participant");
  useEffect(() => () => point(null), []);
  useEffect(() => {
    if (!isOpen) return;
    const timer = setInterval(() => {
      if (document.hidden) return;
      resource.reload();
      connection.reload();
    }, RENEWED_EVERY_MS);
    return () => clearInterval(timer);
  }, [isOpen]);

  if (!data || !appId) {
    const failed = [resource, lookup].find((one) => one.error);
    return failed ? (
      <Failed what="participant" resource={failed} />
    ) : (
      <Skeleton lines={14} isTall onStop={resource.stop} />
    );
  }
  const name = formatName(data.lane.name);
  const short = isolate(name.split(" ")[0] || name);
  const chosen = data.streams.find((stream) => stream.key === data.chosen) ?? null;
  const wanted = data.streams.find((stream) => stream.key === query.get("stream")) ?? chosen;
  return (
    <article class="page session peer">
      <Head page={data} appId={appId} peerId={peerId} />
      <Trouble resource={resource} />
      <VerdictHead page={data} />
      <div class="peer-body">
        <StreamList streams={data.streams} chosen={wanted} name={short} />
        <Charts page={data} connection={connection.data ?? null} chosen={chosen} short={short} pathOf={path} />
        <aside class="facts" aria-label="Facts">
          <Path page={data} stream={wanted} name={short} />
          <Facts page={data} />
        </aside>
      </div>
    </article>
  );
}

type End = Stream["others"][number];

function Charts(props: {
  page: Page;
  connection: ConnectionColumns | null;
  chosen: Stream | null;
  short: string;
  pathOf: (id: string, stream: string) => string;
}) {
  const { page, chosen } = props;
  const { query } = place.value;
  const others = chosen?.others ?? [];
  const other = others.find((one) => idOf(one) === query.get("other")) ?? others[0] ?? null;
  const there = useResource<Page>(other?.key ? props.pathOf(idOf(other), other.key) : null);
  const otherStream = other && there.data ? findOther(there.data.streams, other) : null;
  const frame = { from_at: page.from_at, to_at: page.to_at, onZoom: zoomTo };
  if (!chosen) {
    return (
      <div class="charts">
        <Empty title="No stream was measured" />
        <TimeAxis scale={page} />
        <ConnectionCharts connection={props.connection} {...frame} shaded={shadedBy(page.lane.issues)} />
      </div>
    );
  }
  const issues = issuesOf(page, chosen);
  const shaded = shadedBy(issues);
  const layers = page.streams.filter((one) => one !== chosen && one.t.length > 0 && isLayerOf(one, chosen));
  const medium = formatMedium(chosen.family);
  return (
    <div class="charts">
      <div class="charts-head row">
        <h2>
          {chosen.is_sent ? (
            <>
              {props.short}’s {medium.toLowerCase()}
            </>
          ) : (
            <>
              {medium} of <Name name={other?.name} />
            </>
          )}
        </h2>
        {other && (
          <span class="peer-ends">
            <span class="faint">
              {chosen.is_sent
                ? "what was sent, and what arrived at"
                : `what arrived at ${props.short}, and what was sent by`}
            </span>
            <OtherChoice stream={chosen} other={other} />
          </span>
        )}
        <Zoom />
      </div>
      <TimeAxis scale={page} />
      <Bands issues={issues} stream={chosen} scale={page} />
      <StreamCharts
        {...frame}
        shaded={shaded}
        stream={chosen}
        layers={layers}
        other={otherStream}
        otherName={other && `${isolate(formatName(other.name))}’s end`}
      />
      <ConnectionCharts connection={props.connection} {...frame} shaded={shaded} />
      <p class="legend peer-legend">
        <span class="series-1">— {chosen.is_sent ? `sent by ${props.short}` : `arrived at ${props.short}`}</span>
        {otherStream && (
          <span class="series-2">
            - - {chosen.is_sent ? "arrived at" : "sent by"} <Name name={other?.name} />
          </span>
        )}
        {layers.length > 0 && <span>grey: {formatPlural(layers.length, "other simulcast layer")}</span>}
        <span>Shaded: an issue was on. Drag to look closer, arrow keys on the axis move the moment.</span>
      </p>
    </div>
  );
}

/** The id of the participant's page: of its first peer, else its own. */
function idOf(end: End): string {
  return end.peer_id ?? end.participant_id;
}

/** A chooser of the shown receiver of a sent stream, with a link to its page. */
function OtherChoice({ stream, other }: { stream: Stream; other: End }) {
  const address = place.value.path.replace(/\/peers\/.*/, `/peers/${other.participant_id}`);
  const kept = new URLSearchParams();
  if (pinned.value !== null) kept.set("at", String(pinned.value));
  if (other.key !== null) kept.set("stream", other.key);
  const query = kept.toString();
  return (
    <>
      {stream.others.length > 1 ? (
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
      ) : (
        <Name name={other.name} />
      )}
      <a href={query ? `${address}?${query}` : address}>
        Go to <Name name={other.name} />’s end
      </a>
    </>
  );
}

function Zoom() {
  const isZoomed = place.value.query.get("from") !== null;
  if (!isZoomed && pinned.value === null) return null;
  return (
    <span class="row charts-time">
      {pinned.value !== null && (
        <button type="button" class="quiet" onClick={() => pin(null)}>
          Let go
        </button>
      )}
      {isZoomed && (
        <button type="button" class="choice" onClick={() => goQuery({ from: null, to: null })}>
          Whole call
        </button>
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
