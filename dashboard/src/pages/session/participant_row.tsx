import { useEffect, useRef } from "preact/hooks";
import type { Level, ParticipantTimeline, SessionPage } from "../../api/types";
import type { Maybe, Span } from "../../api/members";
import { LevelMark } from "../../components/level";
import { Name } from "../../components/texts";
import { colours } from "../../theme";
import { formatPlural, formatMos } from "../../format/numbers";
import { formatCountry, formatLeaveReason, formatName, formatNetwork, formatRelay } from "../../format/labels";
import { formatSparkline } from "../../format/quality";
import { isolate } from "../../format/texts";
import { formatTimeWithSeconds } from "../../format/time";
import { cursor } from "./time_cursor";
import { drawLane, LANE_HEIGHT, THIN_HEIGHT } from "./draw_timeline";
import { linkHere } from "./here";
import { bucketAt, isThere } from "./time_scale";

/** One person: name, track with all stays, and the figures of the worst tenth or of the moment. */
export function ParticipantRow(props: {
  page: SessionPage;
  lane: ParticipantTimeline;
  width: number;
  isThin?: boolean;
  /** The person as whom the call is seen. */
  isLit?: boolean;
}) {
  const { page, lane, width, isThin = false } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = colours.value;
  useEffect(() => {
    if (canvas.current) drawLane(canvas.current, width, page, lane, isThin);
  }, [page, lane, width, look, isThin]);
  const kind = [isThin && "thin", props.isLit && "lit"].filter(Boolean).join(" ");
  return (
    <div class={`line lane ${kind}`} id={`lane-${lane.participant_id}`} data-lane={lane.participant_id}>
      <div class="who">
        <LevelMark level={lane.level} />
        <span class="two">
          <a
            class="name"
            {...linkHere(`/sessions/${page.call.id}/peers/${lane.participant_id}`)}
            title={isolate(formatName(lane.name))}
          >
            <Name name={lane.name} />
          </a>
          {!isThin && <span class="sub">{formatPlace(lane)}</span>}
        </span>
      </div>
      <div class="mid-track">
        <canvas ref={canvas} height={isThin ? THIN_HEIGHT : LANE_HEIGHT} aria-hidden="true" />
        <p class="unseen">{formatTimeline(page, lane)}</p>
      </div>
      <Reading page={page} lane={lane} />
    </div>
  );
}

/** The figures at the cursor; without a cursor, those of the worst tenth of the call. */
function Reading({ page, lane }: { page: SessionPage; lane: ParticipantTimeline }) {
  const at = cursor.value;
  const bucket = at === null ? null : bucketAt(page, at);
  const reading = lane.participant_id;
  if (at !== null && (bucket === null || !isThere(lane, at))) {
    return (
      <div class="fig duo faint" data-reading={reading}>
        <span class="both">Not there</span>
      </div>
    );
  }
  if (!lane.is_measured) {
    return (
      <div class="fig duo faint" data-reading={reading}>
        <span class="both">Not measured</span>
      </div>
    );
  }
  const isHere = bucket !== null;
  return (
    <div class="fig duo" data-reading={reading}>
      <Figure
        what="Sound"
        mos={isHere ? (lane.mos_audio[bucket] ?? null) : lane.p10_mos_audio}
        level={isHere ? 0 : lane.audio_level}
      />
      <Figure
        what="Picture"
        mos={isHere ? (lane.mos_video[bucket] ?? null) : lane.p10_mos_video}
        level={isHere ? 0 : lane.video_level}
      />
    </div>
  );
}

function Figure({ what, mos, level }: { what: string; mos: Maybe; level: Level }) {
  return (
    <span class={mos === null ? "faint" : level === 1 || level === 2 ? `ink-${level} strong` : undefined}>
      <span class="unseen">{what} </span>
      {formatMos(mos)}
    </span>
  );
}

function formatPlace(lane: ParticipantTimeline): string {
  const words = [
    lane.is_hidden ? "hidden" : null,
    lane.peers.length > 1 ? formatPlural(lane.peers.length, "stay") : null,
    lane.browser,
    lane.relay && lane.relay !== "none" ? formatRelay(lane.relay) : lane.network && formatNetwork(lane.network),
    lane.city ?? (lane.country && formatCountry(lane.country)),
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
