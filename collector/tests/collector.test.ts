import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { attach, type Collector, type Options, type Target } from "../src/index";
import { FakeConnection, type FakeServer, FakeTrack, openBrowser } from "./browser";

let server: FakeServer;
let running: Collector[];

const open = (target: unknown, more: Partial<Options> = {}): Collector => {
  const url = "https://records.test";
  const collector = attach(target as Target, { url, token: "the token", ...more });
  running.push(collector);
  return collector;
};

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const of = (type: string) => server.entries.filter((entry) => entry.type === type);
const events = () => of("event").map(({ name }) => name);

function call(...sent: FakeTrack[]): FakeConnection {
  const pc = new FakeConnection();
  pc.connectionState = "connected";
  pc.stats = [{ id: "out", type: "outbound-rtp", kind: "video", mid: "0", packetsSent: 5 }];
  pc.transceivers = sent.map((track, index) => ({
    mid: String(index),
    currentDirection: "sendrecv",
    sender: { track },
    receiver: { track: new FakeTrack(track.kind, `remote ${index}`) },
  }));
  return pc;
}

beforeEach(() => {
  vi.useFakeTimers();
  server = openBrowser();
  // Node's own streams wait for real time, which these tests do not have.
  vi.stubGlobal("CompressionStream", undefined);
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((collector) => collector.leave()));
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the collector", () => {
  it.each([true, false])("says whether pictures can be drawn by WebGL: %s", async (can) => {
    Object.assign(document, { createElement: () => ({ getContext: () => (can ? {} : null) }) });
    await open(call(new FakeTrack("video", "camera"))).leave();
    expect(of("describe")[0]).toMatchObject({ browser: { webgl: can } });
  });

  it("joins, describes itself, samples and leaves", async () => {
    const collector = open(call(new FakeTrack("video", "camera")), { displayName: "Ann" });
    await pass(8_000);
    expect(collector.state).toBe("joined");
    expect(collector.sessionId).toBe("the session");
    await collector.leave();
    const [first, second] = server.entries;
    expect(first).toMatchObject({ seq: 0, type: "join", interval_ms: 7_000, display_name: "Ann" });
    expect(second).toMatchObject({ type: "describe", sdk: { name: "aftercall-collector" } });
    expect(of("sample")[0]).toMatchObject({
      page_hidden: false,
      connections: [{ id: "pc1", stats: [{ type: "outbound-rtp", packetsSent: 5 }] }],
    });
    expect(server.entries.at(-1)).toMatchObject({ type: "leave" });
    expect(collector.state).toBe("left");
    const numbers = server.entries.map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  it("says where each stream comes from", async () => {
    const screen = new FakeTrack("video", "s", { displaySurface: "monitor" });
    open(call(new FakeTrack("audio", "m"), new FakeTrack("video", "c"), screen));
    await pass(8_000);
    const streams = of("sample")[0]?.streams as { direction: string; source?: string; mid: string }[];
    const sent = streams.filter(({ direction }) => direction === "send");
    expect(sent.map(({ source }) => source)).toEqual(["microphone", "camera", "screen"]);
    expect(streams.filter(({ direction }) => direction === "receive")).toHaveLength(3);
  });

  it("is heard from in every interval, also without connections", async () => {
    open(new FakeConnection());
    await pass(30_000);
    expect(server.batches.length).toBeGreaterThanOrEqual(4);
  });

  it("samples as often as the server wants", async () => {
    server.interval_ms = 2_000;
    open(call());
    await pass(20_500);
    const samples = of("sample").length;
    expect(samples).toBeGreaterThanOrEqual(8);
    expect(samples).toBeLessThanOrEqual(11);
  });

  describe("when the server wants several samples together", () => {
    const samplesOf = (batch: { entries: { type: string }[] }) =>
      batch.entries.filter(({ type }) => type === "sample").length;
    const sizes = () => server.batches.map(samplesOf).filter((count) => count > 0);

    it("holds them, and is heard from in time also while the page is hidden", async () => {
      server.together = 4;
      open(call());
      await pass(90_000);
      expect(sizes().slice(-2)).toEqual([4, 4]);
      Object.assign(document, { hidden: true });
      const before = server.batches.length;
      await pass(90_000);
      expect(sizes().at(-1)).toBe(2);
      expect(server.batches.length - before).toBeGreaterThanOrEqual(3);
    });

    it("sends each at once again as soon as an answer says so", async () => {
      server.together = 4;
      open(call());
      await pass(60_000);
      server.together = 1;
      await pass(28_000);
      const before = sizes().length;
      await pass(21_000);
      expect(sizes().slice(before)).toEqual([1, 1, 1]);
    });

    it("sends what it holds with an event, when asked to sample, and with the leave", async () => {
      server.together = 4;
      const collector = open(call());
      await pass(46_000);
      collector.note("raised_hand");
      await pass(1_000);
      expect(server.batches.at(-1)?.entries.map(({ type }) => type)).toContain("sample");
      await pass(8_000);
      await collector.sample();
      expect(samplesOf(server.batches.at(-1) ?? { entries: [] })).toBe(2);
      await pass(8_000);
      await collector.leave();
      expect(samplesOf(server.batches.at(-1) ?? { entries: [] })).toBe(2);
    });

    it("sends what waits when the page ends", async () => {
      server.together = 4;
      open(call());
      await pass(60_000);
      const before = of("sample").length;
      await pass(15_000);
      globalThis.dispatchEvent(new Event("pagehide"));
      const last = server.beacons.at(-1) ?? { entries: [] };
      expect(samplesOf(last)).toBe(2 - (of("sample").length - before));
    });
  });

  it("samples half as often while the page is hidden", async () => {
    Object.assign(document, { hidden: true });
    open(call());
    await pass(57_000);
    expect(of("sample").length).toBeLessThanOrEqual(5);
    expect(of("sample")[0]).toMatchObject({ page_hidden: true });
  });

  it("stops sampling a connection that was closed", async () => {
    const pc = call();
    open(pc);
    await pass(8_000);
    const before = of("sample").length;
    pc.signalingState = "closed";
    await pass(30_000);
    expect(of("sample")).toHaveLength(before);
  });

  it.each(["kicked", "ended"] as const)("is silent once it was %s", async (next) => {
    server.next = next;
    const collector = open(call());
    await pass(1_000);
    expect(collector.state).toBe(next);
    const before = server.batches.length;
    collector.note("too_late");
    await pass(60_000);
    expect(server.batches).toHaveLength(before);
  });

  it("stops and says so when there is no token to be had", async () => {
    const failure = new Error("signed out");
    const onError = vi.fn();
    const onState = vi.fn();
    const token = () => Promise.reject(failure);
    const collector = open(call(), { token, onError, onState });
    await pass(600_000);
    expect(collector.state).toBe("refused");
    expect(onState).toHaveBeenLastCalledWith("refused", undefined);
    expect(onError).toHaveBeenCalledExactlyOnceWith(failure);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("joins again as a new peer when the session ended for want of news but the call goes on", async () => {
    const collector = open(call());
    await pass(1_000);
    const before = collector.peerId;
    const failure = () => Promise.reject(new TypeError("no network"));
    server.answers = Array.from({ length: 20 }, () => failure);
    await pass(60_000);
    server.next = "ended";
    const ended = server.accepted();
    server.next = "continue";
    server.answers = [() => ended];
    while (server.answers.length) await pass(1_000);
    await pass(1_000);
    expect(collector.peerId).not.toBe(before);
    expect(collector.state).toBe("joined");
    const again = server.batches.filter(({ peer_id }) => peer_id === collector.peerId);
    expect(again[0]?.entries[0]).toMatchObject({ type: "join", seq: 0 });
  });

  it("says goodbye when the page goes, and continues that peer after a reload", async () => {
    const first = open(call());
    await pass(1_000);
    dispatchEvent(new Event("pagehide"));
    expect(server.beacons[0]?.entries.at(-1)).toMatchObject({ type: "leave" });
    expect(server.beacons[0]).toMatchObject({ token: "the token", peer_id: first.peerId });
    const second = open(call());
    await pass(1_000);
    const joins = of("join").filter((_, index) => index > 0);
    expect(joins[0]).toMatchObject({ previous_peer_id: first.peerId });
    expect(second.peerId).not.toBe(first.peerId);
  });

  it("does not continue a peer whose page is still there, as in a duplicated tab", async () => {
    open(call());
    await pass(1_000);
    open(call());
    await pass(1_000);
    expect(of("join").map((join) => join.previous_peer_id)).toEqual([undefined, undefined]);
  });

  it("keeps chat, lines of the transcript and feedback", async () => {
    const collector = open(call());
    const id = collector.sendChat("Hello", { pinned: true });
    collector.sendTranscriptLine("We agreed.", { start_at: 5, end_at: 9 });
    await collector.leave();
    collector.sendFeedback({ stars: 4, tags: ["echo"] });
    await pass(1_000);
    expect(of("chat")[0]).toMatchObject({ id, text: "Hello", pinned: true });
    expect(of("transcript")[0]).toMatchObject({ text: "We agreed.", start_at: 5, end_at: 9 });
    expect(of("event").at(-1)).toMatchObject({
      name: "feedback",
      data: { stars: 4, tags: ["echo"] },
    });
  });

  it("tells states, switches, devices and restarts as they happen", async () => {
    const camera = new FakeTrack("video", "c");
    const pc = call(new FakeTrack("audio", "m"), camera);
    pc.localDescription = { sdp: "a=ice-ufrag:one" };
    open(pc);
    await pass(1_100);
    pc.connect();
    pc.iceConnectionState = "disconnected";
    pc.dispatchEvent(new Event("iceconnectionstatechange"));
    pc.localDescription = { sdp: "a=ice-ufrag:two" };
    pc.dispatchEvent(new Event("signalingstatechange"));
    camera.enabled = false;
    await pass(1_100);
    camera.dispatchEvent(new Event("ended"));
    await pass(1_000);
    const told = events();
    for (const name of [
      "audio_on",
      "video_on",
      "selected_microphone_update",
      "selected_camera_update",
      "connection_state",
      "ice_connection_state",
      "ice_restart",
      "video_off",
      "track_ended",
    ]) {
      expect(told).toContain(name);
    }
    expect(told.indexOf("video_on")).toBeLessThan(told.indexOf("video_off"));
  });

  it("sends no device's name unless it may", async () => {
    open(call(new FakeTrack("audio", "m")));
    open(call(new FakeTrack("audio", "m")), { deviceLabels: true });
    await pass(2_500);
    const labels = of("event")
      .filter(({ name }) => name === "selected_microphone_update")
      .map(({ data }) => (data as { device: { label: string } }).device.label);
    expect(labels.sort()).toEqual(["", "A device"]);
  });

  it("tells the way a connection takes, once", async () => {
    const pc = call();
    pc.stats = [
      { id: "t", type: "transport", selectedCandidatePairId: "p" },
      { id: "p", type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r" },
      { id: "l", type: "local-candidate", candidateType: "relay", protocol: "udp", relayProtocol: "tcp" },
      { id: "r", type: "remote-candidate", candidateType: "host" },
    ];
    open(pc);
    await pass(30_000);
    const changes = of("event").filter(({ name }) => name === "candidate_pair_changed");
    expect(changes).toHaveLength(1);
    expect(changes[0]?.data).toMatchObject({ local_candidate_type: "relay", relay_protocol: "tcp" });
  });

  it("never throws into the application, whatever is wrong", async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    vi.stubGlobal("sessionStorage", {
      getItem() {
        throw new DOMException("no storage", "SecurityError");
      },
    });
    const broken = { signalingState: "stable", getStats: () => Promise.reject(new Error("no")) };
    const collector = open(broken, { onError });
    collector.attach(null as unknown as Target);
    collector.note("circle", (() => {
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      return circle as never;
    })());
    await pass(20_000);
    expect(errors.length).toBeGreaterThan(0);
    expect(server.batches.length).toBeGreaterThan(1);
  });
});

describe("a library's objects", () => {
  it("watches a LiveKit room: both connections, and where tracks come from", async () => {
    const share = new FakeTrack("video", "share");
    const voice = new FakeTrack("audio", "voice");
    const publisher = call(share);
    const subscriber = call();
    subscriber.transceivers = [
      { mid: "0", currentDirection: "recvonly", sender: { track: null }, receiver: { track: voice } },
    ];
    const publication = (trackSid: string, source: string, track: FakeTrack) =>
      new Map([[trackSid, { trackSid, source, isMuted: false, track: { mediaStreamTrack: track } }]]);
    open({
      localParticipant: { identity: "ann", trackPublications: publication("TR_1", "screen_share", share) },
      remoteParticipants: new Map([
        ["bob", { identity: "bob", trackPublications: publication("TR_2", "microphone", voice) }],
      ]),
      engine: { pcManager: { publisher: { _pc: publisher }, subscriber: { _pc: subscriber } } },
    });
    await pass(8_000);
    const sample = of("sample")[0];
    expect(sample?.connections).toHaveLength(2);
    const streams = sample?.streams as object[];
    expect(streams).toContainEqual(expect.objectContaining({ source: "screen", producer_id: "TR_1" }));
    expect(streams).toContainEqual(
      expect.objectContaining({ direction: "receive", source: "microphone", producer_id: "TR_2" }),
    );
  });

  it("watches every transport of a mediasoup device from the moment it is made", async () => {
    const track = new FakeTrack("video", "share");
    const observer = new (class {
      listener: ((transport: unknown) => void) | undefined;
      on(_: string, listener: (transport: unknown) => void) {
        this.listener = listener;
      }
    })();
    open({ createSendTransport: () => {}, observer });
    observer.listener?.({
      direction: "send",
      closed: false,
      handler: { _pc: call(track) },
      _producers: new Map([
        ["P1", { id: "P1", paused: true, track, appData: { source: "screensharing" } }],
      ]),
      _consumers: new Map(),
    });
    await pass(8_000);
    expect(of("sample")[0]?.streams).toContainEqual(
      expect.objectContaining({ direction: "send", source: "screen", producer_id: "P1", muted: true }),
    );
  });
});
