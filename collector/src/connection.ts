import type { ConnectionStats, EventData, StatsObject, StreamTag } from "./protocol";
import { pickStats } from "./stats";
import { infoOf, isOn, sourceOf } from "./tracks";

/** Notes an event of the peer. */
export type Tell = (name: string, data: EventData) => void;

export interface Connection {
  /** The tracks it sends. */
  sent(): MediaStreamTrack[];
  /** One report; undefined when the browser gives none in time. */
  sample(): Promise<{ stats: ConnectionStats; streams: StreamTag[] } | undefined>;
  stop(): void;
}

/** Some browsers never answer getStats on a connection that closes meanwhile. */
const STATS_TIMEOUT_MS = 4_000;

function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return Promise.race([
    promise,
    new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms)),
  ]);
}

function ufragOf(description: RTCSessionDescription | null): string | undefined {
  return description?.sdp.match(/a=ice-ufrag:(\S+)/)?.[1];
}

function tag(
  connection: string,
  direction: "send" | "receive",
  track: MediaStreamTrack,
  mid: string | null,
): StreamTag {
  const isSent = direction === "send";
  return {
    connection,
    direction,
    kind: track.kind,
    mid: mid ?? undefined,
    track_id: track.id,
    source: isSent ? sourceOf(track) : undefined,
    muted: isSent ? !isOn(track) : track.muted,
    ...infoOf(track),
  };
}

/** Watches one connection: tells its state changes, and reads its statistics when asked. */
export function watchConnection(
  id: string,
  pc: RTCPeerConnection,
  tell: Tell,
  onConnected: () => void,
): Connection {
  let ufrag = ufragOf(pc.localDescription);
  let lastPair = "";

  const listeners = {
    connectionstatechange() {
      tell("connection_state", { connection: id, state: pc.connectionState });
      if (pc.connectionState === "connected") onConnected();
    },
    iceconnectionstatechange() {
      tell("ice_connection_state", { connection: id, state: pc.iceConnectionState });
    },
    signalingstatechange() {
      tell("signaling_state", { connection: id, state: pc.signalingState });
      const now = ufragOf(pc.localDescription);
      if (ufrag && now && now !== ufrag) tell("ice_restart", { connection: id });
      ufrag = now ?? ufrag;
    },
  };
  const each = (change: "addEventListener" | "removeEventListener") => {
    for (const [type, listener] of Object.entries(listeners)) pc[change](type, listener);
  };
  each("addEventListener");

  const tellPair = (stats: StatsObject[]) => {
    const pair = stats.find((entry) => entry.type === "candidate-pair");
    if (!pair || pair.id === lastPair) return;
    lastPair = pair.id;
    const end = (id: unknown) => stats.find((entry) => entry.id === id);
    const local = end(pair.localCandidateId);
    tell("candidate_pair_changed", {
      connection: id,
      pair: lastPair,
      local_candidate_type: local?.candidateType as string,
      remote_candidate_type: end(pair.remoteCandidateId)?.candidateType as string,
      protocol: local?.protocol as string,
      relay_protocol: local?.relayProtocol as string,
    });
  };

  const tags = (): StreamTag[] => {
    const found: StreamTag[] = [];
    for (const { mid, sender, receiver, currentDirection } of pc.getTransceivers()) {
      if (sender.track && /^send/.test(currentDirection ?? "")) {
        found.push(tag(id, "send", sender.track, mid));
      }
      if (/recv/.test(currentDirection ?? "")) {
        found.push(tag(id, "receive", receiver.track, mid));
      }
    }
    return found;
  };

  return {
    sent: () => pc.getSenders().flatMap((sender) => (sender.track ? [sender.track] : [])),
    async sample() {
      const report = await within(pc.getStats(), STATS_TIMEOUT_MS);
      if (!report) return undefined;
      const stats = pickStats(report);
      tellPair(stats);
      return { stats: { id, stats }, streams: tags() };
    },
    stop: () => each("removeEventListener"),
  };
}
