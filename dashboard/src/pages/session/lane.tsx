import { useEffect, useRef } from "preact/hooks";
import type { Level, ParticipantTimeline, SessionPage } from "../../api/types";
import type { Span } from "../../api/members";
import { LevelMark } from "../../parts/level";
import { useWasNear } from "../../parts/near";
import { colours } from "../../theme";
import { tellMany, tellMos } from "../../words/amounts";
import { tellCountry, tellLeaving, tellName, tellNetwork, tellRelay } from "../../words/issues";
import { tellExactClock } from "../../words/moments";
import { tellStrip } from "../../words/quality";
import { cursor } from "./cursor";
import { drawLane, LANE_HEIGHT } from "./draw";
import { bucketAt, isThere } from "./scale";

/**
 * One participant: who, the track, and what it was like at the cursor. A track is drawn when it comes
 * near the viewport, one of the first at once.
 */
export function LaneRow(props: { page: SessionPage; lane: ParticipantTimeline; width: number; isFirst: boolean }) {
  const { page, lane, width } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = colours.value;
  const isDrawn = useWasNear(canvas) || props.isFirst;
  useEffect(() => {
    if (isDrawn && canvas.current) drawLane(canvas.current, width, page, lane);
  }, [isDrawn, page, lane, width, look]);
  return (
    <li class="lane" id={`lane-${lane.participant_id}`}>
      <div class="who">
        <LevelMark level={lane.level} />
        <div class="who-text">
          <a href={`/sessions/${page.call.id}/peers/${lane.participant_id}`}>{tellName(lane.name)}</a>
          <span class="faint">{tellPlace(lane)}</span>
        </div>
      </div>
      <div class="track">
        <canvas ref={canvas} height={LANE_HEIGHT} aria-hidden="true" />
        <p class="unseen">{tellLane(page, lane)}</p>
      </div>
      <Reading page={page} lane={lane} />
    </li>
  );
}

/** The lane's numbers at the cursor; without one, of the whole call. */
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
      {tellMos(mos)}
    </span>
  );
}

function tellPlace(lane: ParticipantTimeline): string {
  const words = [
    lane.is_hidden ? "hidden" : null,
    lane.browser,
    lane.network && tellNetwork(lane.network),
    lane.relay && lane.relay !== "none" ? tellRelay(lane.relay) : null,
    lane.country && tellCountry(lane.country),
  ];
  return words.filter(Boolean).join(" · ");
}

/** A lane for those who cannot see it. */
function tellLane(page: SessionPage, lane: ParticipantTimeline): string {
  const stays = lane.peers.map((peer) => {
    const joined = `${peer.joined_is_inferred ? "joined about" : "joined"} ${tellExactClock(peer.joined_at)}`;
    return peer.left_at === null
      ? `${joined}, still there`
      : `${joined}, ${tellLeaving(peer)} ${tellExactClock(peer.left_at)}`;
  });
  const spans = (list: Span[], what: string): string | null =>
    list.length ? `${what} ${tellMany(list.length, "time")}` : null;
  return [
    ...stays,
    spans(lane.muted, "muted"),
    spans(lane.camera_off, "camera off"),
    spans(lane.screenshare, "shared the screen"),
    lane.level ? tellStrip(lane.levels) : "not judged",
    page.call.status === "LIVE" ? "so far" : null,
  ]
    .filter(Boolean)
    .join("; ");
}
