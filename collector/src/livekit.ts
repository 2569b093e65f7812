import type { Source } from "./protocol";
import { describeTrack } from "./tracks";

/** The parts of a LiveKit `Room` that are used; its package is never imported. */
export interface LiveKitRoom {
  localParticipant: LiveKitParticipant;
  remoteParticipants: Map<string, LiveKitParticipant>;
  engine?: { pcManager?: { publisher?: LiveKitTransport; subscriber?: LiveKitTransport } };
  state?: string;
}

interface LiveKitTransport {
  _pc?: RTCPeerConnection | null;
}

interface LiveKitParticipant {
  identity: string;
  trackPublications: Map<string, LiveKitPublication>;
}

interface LiveKitPublication {
  trackSid: string;
  source: string;
  isMuted: boolean;
  dimensions?: { width: number; height: number };
  track?: { mediaStreamTrack?: MediaStreamTrack };
}

const SOURCES: Record<string, Source> = {
  camera: "camera",
  microphone: "microphone",
  screen_share: "screen",
  screen_share_audio: "screen_audio",
};

export function isLiveKitRoom(target: unknown): target is LiveKitRoom {
  const room = target as Partial<LiveKitRoom> | null;
  return !!room?.localParticipant?.trackPublications && !!room.remoteParticipants;
}

function describe(participant: LiveKitParticipant, isLocal: boolean): void {
  for (const { trackSid, source, isMuted, track } of participant.trackPublications.values()) {
    const media = track?.mediaStreamTrack;
    if (!media) continue;
    describeTrack(media, {
      source: SOURCES[source],
      producer_id: trackSid,
      consumer_id: isLocal ? undefined : trackSid,
      muted: isMuted,
    });
  }
}

/** The room's connections as they are now; what the room knows of its tracks is noted. */
export function readRoom(room: LiveKitRoom): RTCPeerConnection[] {
  describe(room.localParticipant, true);
  for (const participant of room.remoteParticipants.values()) describe(participant, false);
  const { publisher, subscriber } = room.engine?.pcManager ?? {};
  return [publisher?._pc, subscriber?._pc].filter((pc): pc is RTCPeerConnection => !!pc);
}
