import type { Source } from "aftercall-collector";

/** The captured tracks of this page, at most one of each source. */
export interface Media {
  readonly tracks: Map<Source, MediaStreamTrack>;
  /** The reason why camera or microphone could not be opened; empty without a problem. */
  problem: string;
  /** Requests camera and microphone together, then each alone, and uses the granted ones. */
  open(): Promise<void>;
  isOn(source: Source): boolean;
  setMicrophone(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  close(): void;
}

const VIDEO: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 } };
const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true };

const REASONS: Record<string, string> = {
  NotAllowedError: "The browser was not allowed to use your camera or microphone.",
  NotFoundError: "No camera or microphone was found.",
  NotReadableError: "Another program is using your camera or microphone.",
};

function reason(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  return `${REASONS[name] ?? "Your camera or microphone could not be started."} You can join without.`;
}

/** `onChange` is called whenever a track is added, removed or switched. */
export function makeMedia(onChange: () => void): Media {
  const tracks = new Map<Source, MediaStreamTrack>();

  const take = (source: Source, track: MediaStreamTrack | undefined) => {
    if (!track) return;
    tracks.set(source, track);
    track.onended = () => {
      if (tracks.get(source) === track) drop(source);
      onChange();
    };
  };

  const drop = (source: Source) => {
    tracks.get(source)?.stop();
    tracks.delete(source);
  };

  const capture = async (constraints: MediaStreamConstraints) => {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    take("microphone", stream.getAudioTracks()[0]);
    take("camera", stream.getVideoTracks()[0]);
  };

  const attempt = async (constraints: MediaStreamConstraints) => {
    try {
      await capture(constraints);
      media.problem = "";
    } catch (error) {
      media.problem = reason(error);
    }
  };

  const media: Media = {
    tracks,
    problem: "",
    async open() {
      if (!navigator.mediaDevices) {
        media.problem = "A browser gives its camera only to pages from https or this machine.";
        return onChange();
      }
      await attempt({ audio: AUDIO, video: VIDEO });
      if (!tracks.size) {
        const { problem } = media;
        await attempt({ audio: AUDIO });
        if (!tracks.size) await attempt({ video: VIDEO });
        media.problem = problem;
      }
      onChange();
    },
    isOn: (source) => tracks.get(source)?.enabled ?? false,
    async setMicrophone(on) {
      const track = tracks.get("microphone");
      if (track) track.enabled = on;
      else if (on) await attempt({ audio: AUDIO });
      onChange();
    },
    async setCamera(on) {
      // Stopped rather than blanked, so that the camera's light goes out.
      if (on && !tracks.has("camera")) await attempt({ video: VIDEO });
      else if (!on) drop("camera");
      onChange();
    },
    async setScreen(on) {
      if (on) {
        try {
          const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
          take("screen", stream.getVideoTracks()[0]);
          take("screen_audio", stream.getAudioTracks()[0]);
        } catch {
          // The person cancelled or denied the capture: nothing is shared.
        }
      } else {
        drop("screen");
        drop("screen_audio");
      }
      onChange();
    },
    close() {
      for (const source of [...tracks.keys()]) drop(source);
    },
  };
  return media;
}
