import { type Connection, type Listen, type RecordEvent, watchConnection } from "./connection";
import { isLiveKitRoom, type LiveKitRoom, readRoom } from "./livekit";
import {
  isMediasoupDevice,
  isMediasoupTransport,
  type MediasoupDevice,
  type MediasoupTransport,
  readTransport,
} from "./mediasoup";
import { watchOwnTracks } from "./local_tracks";
import { type PageListener, watchPage } from "./patch_webrtc";
import { makePeer, newId, type PeerOptions, type State } from "./peer";
import type {
  ConnectionStats,
  Description,
  EntryBody,
  EventData,
  MessageKind,
  StreamTag,
} from "./protocol";
import { recordCaptureError, watchSurroundings } from "./device_environment";
import { describeTrack, screenSource } from "./tracks";

/** A target to watch: one connection, every connection of the page, or a library's object. */
export type Target = RTCPeerConnection | "page" | LiveKitRoom | MediasoupDevice | MediasoupTransport;

export interface Options extends PeerOptions {
  /** Whether names of cameras, microphones and speakers may be sent. */
  deviceLabels?: boolean | undefined;
}

export interface ChatOptions {
  /** True for a later revision of a message that was sent before. */
  id?: string | undefined;
  kind?: MessageKind | undefined;
  pinned?: boolean | undefined;
  edited?: boolean | undefined;
}

export interface LineOptions {
  id?: string | undefined;
  /** Ms since 1970. */
  start_at?: number | undefined;
  end_at?: number | undefined;
}

export interface Feedback {
  /** From 1 to 5. */
  stars?: number;
  tags?: string[];
  text?: string;
}

export interface Collector {
  /** Random id of this connection of the participant to the session. */
  readonly peerId: string;
  /** Known once the server has answered. */
  readonly sessionId: string | undefined;
  readonly state: State;
  /** Watches one more connection, library object, or the page. */
  attach(target: Target): Collector;
  /** Adds facts about the peer; later members replace earlier ones. */
  describe(description: Description): void;
  /** Records an event of the application. */
  note(name: string, data?: EventData): void;
  /** Records a chat message; returns its id. */
  sendChat(text: string, options?: ChatOptions): string;
  /** Records a line of the transcript; returns its id. */
  sendTranscriptLine(text: string, options?: LineOptions): string;
  /** May also be called after `leave`. */
  sendFeedback(feedback: Feedback): void;
  /** Samples and sends now: what a connection counted is lost when it is closed before the next
   * sample. */
  sample(): Promise<void>;
  /** Takes a last sample, sends the leave and stops. Call it before the connections are closed. */
  leave(): Promise<void>;
}

const TICK_MS = 1_000;
const FIRST_PACKETS_MS = 2_000;

export function makeCollector(options: Options): Collector {
  const connections = new Map<RTCPeerConnection, Connection>();
  const reads: (() => RTCPeerConnection[])[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  let count = 0;
  let polledAt = 0;

  // Callbacks run in tasks of their own, so that their exceptions do not reach the collector.
  const fail = (error: unknown) => setTimeout(() => options.onError?.(error));
  const quietly = (action: () => unknown) => {
    try {
      action();
    } catch (error) {
      fail(error);
    }
  };

  const peer = makePeer(
    options,
    (state, session) => setTimeout(() => options.onState?.(state, session)),
    fail,
    () => [...connections.keys()].some((pc) => pc.connectionState === "connected"),
    () => stopping.abort(),
  );

  const add = (entry: EntryBody, isLate?: boolean) => quietly(() => peer.add(entry, isLate));
  const record: RecordEvent = (name, data) => add({ type: "event", name, data });
  const listen: Listen = (target, type, listener) =>
    target.addEventListener(type, (event) => quietly(() => listener(event)), { signal });

  const watch = (pc: RTCPeerConnection) => {
    if (connections.has(pc) || peer.isOver()) return;
    const onConnected = () => {
      void poll();
      // Streams are counted from their first packet on, which comes a moment later.
      setTimeout(poll, FIRST_PACKETS_MS);
    };
    connections.set(pc, watchConnection(`pc${++count}`, pc, record, listen, onConnected));
  };

  /** Updates the facts from the watched libraries, and removes closed connections. */
  const refresh = () => {
    for (const read of reads) read().forEach(watch);
    for (const pc of connections.keys()) {
      if (pc.signalingState === "closed") connections.delete(pc);
    }
  };

  const sample = async () => {
    try {
      refresh();
      const taken: ConnectionStats[] = [];
      const streams: StreamTag[] = [];
      // One after another, so that the page's own work can run in between.
      for (const connection of connections.values()) {
        const report = await connection.sample();
        taken.push(report.stats);
        streams.push(...report.streams);
      }
      if (!taken.length) return;
      add({ type: "sample", connections: taken, streams, page_hidden: document.hidden });
    } catch (error) {
      fail(error);
    }
  };

  /** Samples, and sends when it is time to, or `now`; the batch is a heartbeat even when there is
   * nothing to sample. */
  const poll = async (now?: boolean) => {
    if (peer.isOver()) return;
    polledAt = Date.now();
    await sample();
    if (now || Date.now() >= peer.dueAt) await peer.flush();
  };

  const recordOwnTracks = watchOwnTracks(record, listen, !!options.deviceLabels);

  const tick = () => {
    refresh();
    recordOwnTracks(new Set([...connections.values()].flatMap((entry) => entry.sent())));
    // A hidden page is sampled half as often; that is still within the time after which a
    // silent peer counts as gone.
    const interval = peer.intervalMs * (document.hidden ? 2 : 1);
    if (Date.now() - polledAt >= interval - TICK_MS / 2) void poll();
  };

  const attachPage = () => {
    const page = watchPage();
    const listener: PageListener = {
      onConnection: watch,
      onCapture(stream, isDisplay) {
        for (const track of stream.getTracks()) {
          if (isDisplay) describeTrack(track, { source: screenSource(track) });
          const device_type = isDisplay ? "SCREENSHARE" : track.kind.toUpperCase();
          record("media_permission", { device_type, permission: "ACCEPTED" });
        }
      },
      onCaptureError: recordCaptureError.bind(null, record),
    };
    page.listeners.add(listener);
    signal.addEventListener("abort", () => page.listeners.delete(listener));
    for (const earlier of page.earlier) {
      const pc = earlier.deref();
      if (pc) watch(pc);
    }
  };

  const collector: Collector = {
    get peerId() {
      return peer.id;
    },
    get sessionId() {
      return peer.sessionId;
    },
    get state() {
      return peer.state;
    },
    attach(target) {
      quietly(() => {
        if (target === "page") attachPage();
        else if (isLiveKitRoom(target)) reads.push(() => readRoom(target));
        else if (isMediasoupTransport(target)) reads.push(() => readTransport(target));
        else if (isMediasoupDevice(target)) target.observer.on("newtransport", collector.attach);
        else watch(target);
        refresh();
      });
      return collector;
    },
    describe: (description) => add({ type: "describe", ...description }),
    note: (name, data = {}) => record(name, data),
    sendChat(text, { id = newId(), ...more } = {}) {
      add({ ...more, type: "chat", id, text });
      return id;
    },
    sendTranscriptLine(text, { id = newId(), end_at = Date.now(), start_at = end_at } = {}) {
      add({ type: "transcript", id, start_at, end_at, text });
      return id;
    },
    sendFeedback: (feedback) => add({ type: "event", name: "feedback", data: { ...feedback } }, true),
    sample: () => poll(true),
    async leave() {
      if (peer.isOver()) return;
      // Some browsers never answer getStats on a connection that closes meanwhile.
      await Promise.race([sample(), new Promise((done) => setTimeout(done, TICK_MS))]);
      if (!peer.isOver()) await peer.leave();
    },
  };

  quietly(() => {
    const timer = setInterval(() => quietly(tick), TICK_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
    listen(globalThis, "pagehide", peer.hide);
    listen(globalThis, "pageshow", (event) => {
      if ((event as PageTransitionEvent).persisted) peer.comeBack();
    });
    listen(globalThis, "online", () => peer.flush(true));
    listen(document, "visibilitychange", () => peer.flush());
    watchSurroundings(record, listen, !!options.deviceLabels);
  });
  return collector;
}
