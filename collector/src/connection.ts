import type { ConnectionStats, EventData, StatsObject, StreamTag } from "./protocol";
import { pickStats } from "./stats";
import { infoOf, isOn, sourceOf } from "./tracks";

/** Records an event of the peer. */
export type RecordEvent = (name: string, data: EventData) => void;

/** Listens until the collector stops. */
export type Listen = (
  target: EventTarget,
  type: string,
  listener: (event: Event) => void,
) => void;

export interface Connection {
  /** The tracks it sends. */
  sent(): MediaStreamTrack[];
  sample(): Promise<{ stats: ConnectionStats; streams: StreamTag[] }>;
}

const STATES = ["connectionState", "iceConnectionState", "signalingState"] as const;

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
    kind: track.kind as StreamTag["kind"],
    mid,
    track_id: track.id,
    source: isSent ? sourceOf(track) : undefined,
    muted: isSent ? !isOn(track) : track.muted,
    ...infoOf(track),
  };
}

/** Watches one connection: records its state changes, and reads its statistics on request. */
export function watchConnection(
  id: string,
  pc: RTCPeerConnection,
  record: RecordEvent,
  listen: Listen,
  onConnected: () => void,
): Connection {
  let ufrag = ufragOf(pc.localDescription);
  let lastPair = "";
  let wasConnected = false;

  const changed = () => {
    const isConnected = pc.connectionState === "connected";
    if (isConnected && !wasConnected) onConnected();
    wasConnected = isConnected;
    const now = ufragOf(pc.localDescription);
    if (ufrag && now && now !== ufrag) record("ice_restart", { connection: id });
    ufrag = now ?? ufrag;
  };
  for (const member of STATES) {
    listen(pc, `${member.toLowerCase()}change`, () => {
      // The record's names are the browser's in snake case.
      const name = member.replace(/[A-Z]/g, "_$&").toLowerCase();
      record(name, { connection: id, state: pc[member] });
      changed();
    });
  }

  const recordPair = (stats: StatsObject[]) => {
    const pair = stats.find((entry) => entry.type === "candidate-pair");
    if (!pair || pair.id === lastPair) return;
    lastPair = pair.id;
    const end = (id: unknown) => stats.find((entry) => entry.id === id);
    const local = end(pair.localCandidateId);
    record("candidate_pair_changed", {
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
      // Null, before anything was negotiated, matches neither.
      const direction = currentDirection as string;
      if (sender.track && /^send/.test(direction)) {
        found.push(tag(id, "send", sender.track, mid));
      }
      if (/recv/.test(direction)) {
        found.push(tag(id, "receive", receiver.track, mid));
      }
    }
    return found;
  };

  return {
    sent: () => pc.getSenders().flatMap(({ track }) => track ?? []),
    async sample() {
      const stats = pickStats(await pc.getStats());
      recordPair(stats);
      return { stats: { id, stats }, streams: tags() };
    },
  };
}
