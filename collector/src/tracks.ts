import type { Source, StreamTag } from "./protocol";

/** What the application or its library knows about a track and the browser does not, spelt as in
 * the protocol. */
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

/** Adds to what is known about a track; later members replace earlier ones. */
export function describeTrack(track: MediaStreamTrack, info: TrackInfo): void {
  known.set(track, { ...known.get(track), ...info });
}

/** Which part of a shared screen a track is. */
export const screenSource = ({ kind }: MediaStreamTrack): Source =>
  kind === "audio" ? "screen_audio" : "screen";

export function infoOf(track: MediaStreamTrack): TrackInfo {
  return known.get(track) ?? {};
}

/**
 * Where a track of our own comes from, when nobody said: a display capture tells its surface
 * (Chromium, Safari) or carries a hint; everything else is a camera or a microphone.
 */
export function sourceOf(track: MediaStreamTrack): Source {
  const said = infoOf(track).source;
  if (said) return said;
  if (track.kind === "audio") return "microphone";
  const isDisplay =
    "displaySurface" in track.getSettings() || /^(detail|text)$/.test(track.contentHint);
  return isDisplay ? "screen" : "camera";
}

/** Whether a track of our own is sending something a person could see or hear. */
export function isOn(track: MediaStreamTrack): boolean {
  return track.enabled && track.readyState === "live" && !infoOf(track).muted;
}
