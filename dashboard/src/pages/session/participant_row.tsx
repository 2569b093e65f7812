import { Name } from "../../components/texts";
import { isolate } from "../../format/texts";
import { useEffect, useRef } from "preact/hooks";
import type { Level, ParticipantTimeline, SessionPage } from "../../api/types";
import type { Span } from "../../api/members";
import { LevelMark } from "../../components/level";
import { useNearViewport } from "../../components/use_near_viewport";
import { colours } from "../../theme";
import { formatPlural, formatMos } from "../../format/numbers";
import { formatCountry, formatLeaveReason, formatName, formatNetwork, formatRelay } from "../../format/labels";
import { formatTimeWithSeconds } from "../../format/time";
import { formatSparkline } from "../../format/quality";
import { cursor } from "./time_cursor";
import { drawLane, LANE_HEIGHT } from "./draw_timeline";
import { bucketAt, isThere } from "./time_scale";

/**
 * One participant: name, track, and the values at the cursor. A track is drawn when it comes
 * near the viewport, one of the first at once.
 */
export function ParticipantRow(props: { page: SessionPage; lane: ParticipantTimeline; width: number; isFirst: boolean }) {
  const { page, lane, width } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = colours.value;
  const isDrawn = useNearViewport(canvas) || props.isFirst;
  useEffect(() => {
    if (isDrawn && canvas.current) drawLane(canvas.current, width, page, lane);
  }, [isDrawn, page, lane, width, look]);
  return (
    <li class="lane" id={`lane-${lane.participant_id}`}>
      <div class="who">
        <LevelMark level={lane.level} />
        <div class="who-text">
          <a href={`/sessions/${page.call.id}/peers/${lane.participant_id}`} title={isolate(formatName(lane.name))}>
            <Name name={lane.name} />
          </a>
          <span class="faint">{formatPlace(lane)}</span>
        </div>
      </div>
      <div class="track">
        <canvas ref={canvas} height={LANE_HEIGHT} aria-hidden="true" />
        <p class="unseen">{formatTimeline(page, lane)}</p>
      </div>
      <Reading page={page} lane={lane} />
    </li>
  );
}

/** The values at the cursor; without a cursor, those of the whole call. */
function Reading({ page, lane }: { page: SessionPage; lane: ParticipantTimeline }) {
  const at = cursor.value;
  if (at === null) {
    return (
      <div class="reading" data-reading={lane.participant_id}>
        {lane.is_measured ? (
          <>
            <Value kind="A" mos={lane.p10_mos_audio} level={lane.audio_level} />
            <Value kind="V" mos={lane.p10_mos_video} level={lane.video_level} />
          </>
        ) : (
          <span class="faint">Not measured</span>
        )}
      </div>
    );
  }
  const bucket = bucketAt(page, at);
  if (!isThere(lane, at) || bucket === null) {
    return (
      <div class="reading faint" data-reading={lane.participant_id}>
        Not there
      </div>
    );
  }
  return (
    <div class="reading" data-reading={lane.participant_id}>
      <LevelMark level={lane.levels[bucket] ?? 0} />
      <Value kind="A" mos={lane.mos_audio[bucket] ?? null} />
      <Value kind="V" mos={lane.mos_video[bucket] ?? null} />
    </div>
  );
}

function Value({ kind, mos, level }: { kind: "A" | "V"; mos: number | null; level?: Level }) {
  const title = kind === "A" ? "Audio MOS" : "Video MOS";
  return (
    <span class={mos === null ? "value faint" : `value edge-${level ?? 0}`} title={title}>
      <span class="unseen">{title} </span>
      <span aria-hidden="true" class="faint">
        {kind}
      </span>{" "}
      {formatMos(mos)}
    </span>
  );
}

function formatPlace(lane: ParticipantTimeline): string {
  const words = [
    lane.is_hidden ? "hidden" : null,
    lane.browser,
    lane.network && formatNetwork(lane.network),
    lane.relay && lane.relay !== "none" ? formatRelay(lane.relay) : null,
    lane.country && formatCountry(lane.country),
  ];
  return words.filter(Boolean).join(" · ");
}

/** A timeline in words, for screen readers. */
function formatTimeline(page: SessionPage, lane: ParticipantTimeline): string {
  const stays = lane.peers.map((peer) => {
    const joined = `${peer.joined_is_inferred ? "joined about" : "joined"} ${formatTimeWithSeconds(peer.joined_at)}`;
    return peer.left_at === null
      ? `${joined}, still there`
      : `${joined}, ${formatLeaveReason(peer)} ${formatTimeWithSeconds(peer.left_at)}`;
  });
  const spans = (list: Span[], what: string): string | null =>
    list.length ? `${what} ${formatPlural(list.length, "time")}` : null;
  return [
    ...stays,
    spans(lane.muted, "muted"),
    spans(lane.camera_off, "camera off"),
    spans(lane.screenshare, "shared the screen"),
    lane.level ? formatSparkline(lane.levels) : "not judged",
    page.call.status === "LIVE" ? "so far" : null,
  ]
    .filter(Boolean)
    .join("; ");
}
