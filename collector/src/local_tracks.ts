import type { Listen, RecordEvent } from "./connection";
import { isOn, sourceOf } from "./tracks";

const ON_OFF = {
  microphone: ["audio_on", "audio_off"],
  camera: ["video_on", "video_off"],
  screen: ["screenshare_started", "screenshare_stopped"],
} as const;

/* * Returns a function that takes the tracks the page sends, and records which sources were switched
 * on or off, replaced, or moved to another device since its last call.
 */
export function watchOwnTracks(record: RecordEvent, listen: Listen, withLabels: boolean) {
  const seen = new WeakSet<MediaStreamTrack>();
  const devices = new Map<string, string>();
  let before = new Set<string>();

  const meet = (track: MediaStreamTrack, source: string) => {
    seen.add(track);
    listen(track, "ended", () => record("track_ended", { source }));
    for (const change of ["mute", "unmute"]) {
      listen(track, change, () => record(`${track.kind}_track_${change}d`, { source }));
    }
  };

  return (tracks: Iterable<MediaStreamTrack>) => {
    const now = new Set<string>();
    for (const track of tracks) {
      const source = sourceOf(track);
      if (isOn(track)) now.add(source);
      if (!seen.has(track)) meet(track, source);
      const device_id = track.getSettings().deviceId;
      if (/^s/.test(source) || !device_id || devices.get(source) === device_id) continue;
      devices.set(source, device_id);
      const label = withLabels ? track.label : "";
      record(`selected_${source}_update`, {
        device: { device_id, kind: `${track.kind}input`, label },
      });
    }
    for (const [source, [began, ceased]] of Object.entries(ON_OFF)) {
      if (now.has(source) !== before.has(source)) record(now.has(source) ? began : ceased, {});
    }
    before = now;
  };
}
