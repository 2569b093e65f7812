import type { Source, StreamTag } from "./protocol";

/** Facts about a track that the application or its library knows and the browser does not, named
 * as in the protocol. */
export type TrackInfo = Partial<
  Pick<
    StreamTag,
    | "source"
    | "producer_id"
    | "consumer_id"
    | "peer_id"
    | "muted"
    | "expected_width"
    | "expected_height"
    | "score"
  >
>;

const known = new WeakMap<MediaStreamTrack, TrackInfo>();

/** Adds facts about a track; later members replace earlier ones. */
export function describeTrack(track: MediaStreamTrack, info: TrackInfo): void {
  known.set(track, { ...known.get(track), ...info });
}

/** The source of a shared screen's track: video or audio. */
export const screenSource = ({ kind }: MediaStreamTrack): Source =>
  kind === "audio" ? "screen_audio" : "screen";

export function infoOf(track: MediaStreamTrack): TrackInfo {
  return known.get(track) ?? {};
}

/* * The source of a local track. Without a description, a display capture is recognised by its
 * surface (Chromium, Safari) or hint; every other track is a camera or a microphone.
 */
export function sourceOf(track: MediaStreamTrack): Source {
  const described = infoOf(track).source;
  if (described) return described;
  if (track.kind === "audio") return "microphone";
  const isDisplay =
    "displaySurface" in track.getSettings() || /^(detail|text)$/.test(track.contentHint);
  return isDisplay ? "screen" : "camera";
}

/** Whether a local track is sending visible or audible media. */
export function isOn(track: MediaStreamTrack): boolean {
  return track.enabled && track.readyState === "live" && !infoOf(track).muted;
}
