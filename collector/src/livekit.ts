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

/** LiveKit uses `screen_share` and `screen_share_audio`, and `unknown` for unnamed sources. */
function sourceFrom(source: string): Source | undefined {
  return source === "unknown" ? undefined : (source.replace("_share", "") as Source);
}

export const isLiveKitRoom = (target: object): target is LiveKitRoom =>
  "remoteParticipants" in target;

function describe(participant: LiveKitParticipant): void {
  for (const { trackSid, source, isMuted, track } of participant.trackPublications.values()) {
    const media = track?.mediaStreamTrack;
    if (!media) continue;
    describeTrack(media, {
      source: sourceFrom(source),
      producer_id: trackSid,
      muted: isMuted,
    });
  }
}

/** The room's current connections; also stores the room's facts about its tracks. */
export function readRoom(room: LiveKitRoom): RTCPeerConnection[] {
  describe(room.localParticipant);
  room.remoteParticipants.forEach(describe);
  const { publisher, subscriber } = room.engine?.pcManager ?? {};
  return [publisher, subscriber].flatMap((transport) => transport?._pc ?? []);
}
