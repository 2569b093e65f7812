import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeOutbox } from "../src/outbox";
import { backoffMs, makeSender, type Token } from "../src/sender";
import { type FakeServer, openBrowser } from "./browser";

let server: FakeServer;

function open(token: Token = "the token") {
  const outbox = makeOutbox(100, 100_000);
  const onAnswer = vi.fn();
  const onRefused = vi.fn();
  const url = "https://records.test/v1/collect";
  const sender = makeSender({ url, token, peerId: "the peer", outbox, onAnswer, onRefused });
  return { outbox, sender, onAnswer, onRefused };
}

const status = (code: number, headers: Record<string, string> = {}) =>
  () => new Response("no", { status: code, headers });

beforeEach(() => {
  server = openBrowser();
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the sender", () => {
  it("forgets a batch only when it was acknowledged", async () => {
    const { outbox, sender } = open();
    outbox.add({ type: "leave" }, 1);
    server.answers = [status(503)];
    await sender.flush();
    expect(outbox.waiting).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await sender.flush();
    expect(outbox.waiting).toHaveLength(0);
    expect(server.batches.slice(0, 2).map(({ entries }) => entries[0]?.seq)).toEqual([0, 0]);
  });

  it("waits as long as the server asks for", async () => {
    const { sender } = open();
    server.answers = [status(503, { "retry-after": "30" })];
    await sender.flush();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(server.batches).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.batches).toHaveLength(2);
  });

  it("tries again when the network fails, and at once when told to", async () => {
    const { outbox, sender } = open();
    outbox.add({ type: "leave" }, 1);
    const failure = () => Promise.reject(new TypeError("no network"));
    server.answers = [failure, failure, failure, failure];
    await sender.flush();
    await sender.flush();
    expect(server.batches).toHaveLength(1);
    for (let attempt = 0; attempt < 4; attempt++) await sender.flush(true);
    expect(outbox.waiting).toHaveLength(0);
  });

  it("drops what the server will never take, and says how much that was", async () => {
    const { outbox, sender } = open();
    outbox.add({ type: "leave" }, 1);
    server.answers = [status(400)];
    await sender.flush();
    expect(outbox.dropped).toBe(1);
    await sender.flush();
    expect(server.batches[1]).toMatchObject({ dropped: 1, entries: [] });
  });

  it.each([401, 403, 404])("stops for good at %i", async (code) => {
    const { sender, onRefused } = open();
    server.answers = [status(code)];
    await sender.flush();
    await sender.flush(true);
    expect(onRefused).toHaveBeenCalledWith(new Error("no"));
    expect(server.batches).toHaveLength(1);
  });

  it("fetches a fresh token when the last one has expired", async () => {
    const tokens = ["old", "new"];
    const { sender, onRefused } = open(async () => tokens.shift() ?? "none");
    server.answers = [status(401)];
    await sender.flush();
    await vi.advanceTimersByTimeAsync(1_000);
    await sender.flush();
    expect(onRefused).not.toHaveBeenCalled();
    const sent = server.headers.map((headers) => headers.get("authorization"));
    expect(sent.slice(0, 2)).toEqual(["Bearer old", "Bearer new"]);
  });

  it("gives up when no token it is given is taken", async () => {
    const fetchToken = vi.fn(async () => "expired");
    const { sender, onRefused } = open(fetchToken);
    server.answers = Array.from({ length: 20 }, () => status(401));
    await sender.flush();
    await vi.advanceTimersByTimeAsync(600_000);
    await sender.flush(true);
    expect(onRefused).toHaveBeenCalledExactlyOnceWith(new Error("no"));
    expect(fetchToken).toHaveBeenCalledTimes(10);
    expect(server.batches).toHaveLength(10);
  });

  it("gives up when no token can be fetched, and says why", async () => {
    const failure = new Error("signed out");
    const fetchToken = vi.fn(() => Promise.reject(failure));
    const { sender, onRefused } = open(fetchToken);
    await sender.flush();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(onRefused).toHaveBeenCalledExactlyOnceWith(failure);
    expect(fetchToken).toHaveBeenCalledTimes(10);
    expect(server.batches).toHaveLength(0);
  });

  it("gives up on a token that never comes", async () => {
    const fetchToken = vi.fn(() => new Promise<string>(() => {}));
    const { sender, onRefused } = open(fetchToken);
    void sender.flush();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(onRefused).toHaveBeenCalledExactlyOnceWith(new Error("No token came."));
    expect(fetchToken).toHaveBeenCalledTimes(10);
  });

  it("does not give up for want of a network, however long that lasts", async () => {
    const fetchToken = vi.fn(async () => "the token");
    const { outbox, sender, onRefused } = open(fetchToken);
    outbox.add({ type: "leave" }, 1);
    const failure = () => Promise.reject(new TypeError("no network"));
    server.answers = Array.from({ length: 30 }, () => failure);
    await sender.flush();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(onRefused).not.toHaveBeenCalled();
    expect(fetchToken).toHaveBeenCalledTimes(1);
    expect(outbox.waiting).toHaveLength(0);
  });

  it("counts anew once a token was taken", async () => {
    const { sender, onRefused } = open(async () => "a token");
    for (let expiry = 0; expiry < 3; expiry++) {
      server.answers = Array.from({ length: 9 }, () => status(401));
      await sender.flush(true);
      await vi.advanceTimersByTimeAsync(600_000);
    }
    expect(onRefused).not.toHaveBeenCalled();
    await sender.flush();
    expect(server.batches).toHaveLength(31);
  });

  it("compresses what is worth it", async () => {
    vi.useRealTimers();
    const { outbox, sender } = open();
    outbox.add({ type: "chat", id: "1", text: "long ".repeat(500) }, 1);
    await sender.flush();
    expect(server.headers[0]?.get("content-encoding")).toBe("gzip");
    expect(server.batches[0]?.entries[0]).toMatchObject({ type: "chat", seq: 0 });
  });

  it("sends one request at a time, and what came meanwhile right after", async () => {
    const { outbox, sender } = open();
    outbox.add({ type: "leave" }, 1);
    const first = sender.flush();
    outbox.add({ type: "leave" }, 2);
    await Promise.all([first, sender.flush()]);
    expect(server.mostAtOnce).toBe(1);
    expect(server.entries.map(({ seq }) => seq)).toEqual([0, 1]);
    expect(outbox.waiting).toHaveLength(0);
  });

  it("gives a beacon the token and the newest entries that fit", async () => {
    const { outbox, sender } = open();
    await sender.flush();
    for (let index = 0; index < 10; index++) {
      outbox.add({ type: "chat", id: String(index), text: "x".repeat(9_000) }, index);
    }
    outbox.add({ type: "leave" }, 11);
    sender.beacon();
    const [beacon] = server.beacons;
    expect(beacon).toMatchObject({ token: "the token", peer_id: "the peer", v: 1 });
    expect(beacon?.entries.map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10]);
  });

  it("backs off with growing delays that differ from client to client", () => {
    expect(backoffMs(0, 0)).toBe(500);
    expect(backoffMs(0, 1)).toBe(1_000);
    expect(backoffMs(3, 1)).toBe(8_000);
    expect(backoffMs(50, 1)).toBe(60_000);
  });
});
