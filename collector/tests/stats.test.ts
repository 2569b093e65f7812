import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { KEPT } from "../src/members";
import type { StatsObject } from "../src/protocol";
import { pickStats } from "../src/stats";

type Stats = Record<string, unknown>;

const recording = JSON.parse(
  readFileSync(new URL("../../tests/samples/chromium-getstats.json", import.meta.url), "utf8"),
);
const chromium: Record<string, Stats> = recording.sides[0].samples.at(-1).stats;

const pick = (stats: Stats[]): StatsObject[] =>
  pickStats(new Map(stats.map((entry) => [String(entry.id), entry])) as unknown as RTCStatsReport);

const types = (picked: StatsObject[]) => new Set(picked.map(({ type }) => type));

describe("what is picked of a report of Chromium", () => {
  const picked = pick(Object.values(chromium));

  it("has only listed types and members", () => {
    const allowed = new Set(["id", "type", ...KEPT.split(" ")]);
    for (const entry of picked) {
      expect(allowed).toContain(entry.type);
      for (const member of Object.keys(entry)) expect(allowed).toContain(member);
    }
    expect(types(picked)).not.toContain("certificate");
    expect(types(picked)).not.toContain("remote-outbound-rtp");
  });

  it("keeps every stream with its counters as they were", () => {
    const streams = Object.values(chromium).filter(({ type }) => /^(in|out)bound/.test(`${type}`));
    expect(streams.length).toBeGreaterThanOrEqual(4);
    for (const stream of streams) {
      const kept = picked.find(({ id }) => id === stream.id);
      for (const member of ["packetsSent", "packetsReceived", "bytesSent", "packetsLost"]) {
        expect(kept?.[member]).toBe(stream[member]);
      }
    }
  });

  it("keeps only the candidate pair in use, and its two ends", () => {
    const pairs = picked.filter(({ type }) => type === "candidate-pair");
    const transport = picked.find(({ type }) => type === "transport");
    expect(pairs.map(({ id }) => id)).toEqual([transport?.selectedCandidatePairId]);
    const ends = picked.filter(({ type }) => /candidate$/.test(type)).map(({ id }) => id);
    expect(new Set(ends)).toEqual(new Set([pairs[0]?.localCandidateId, pairs[0]?.remoteCandidateId]));
  });

  it("keeps only codecs that a stream uses", () => {
    const used = new Set(picked.map(({ codecId }) => codecId));
    const codecs = picked.filter(({ type }) => type === "codec");
    expect(codecs.length).toBeGreaterThan(0);
    for (const { id } of codecs) expect(used).toContain(id);
  });

  it("is less than half of what the browser gave", () => {
    const before = JSON.stringify(chromium).length;
    expect(JSON.stringify(picked).length).toBeLessThan(before / 2);
  });
});

describe("what is picked of reports of other browsers", () => {
  it("takes Firefox's word for which pair is in use", () => {
    const picked = pick([
      { id: "p1", type: "candidate-pair", selected: false, nominated: true, state: "failed" },
      { id: "p2", type: "candidate-pair", selected: true, nominated: true, state: "succeeded",
        localCandidateId: "l2", remoteCandidateId: "r2" },
      { id: "l1", type: "local-candidate", candidateType: "host" },
      { id: "l2", type: "local-candidate", candidateType: "relay" },
      { id: "r2", type: "remote-candidate", candidateType: "host" },
    ]);
    expect(picked.map(({ id }) => id)).toEqual(["p2", "l2", "r2"]);
  });

  it("leaves out what Safari does not measure, and never says 0 for it", () => {
    const [inbound] = pick([
      { id: "v", type: "inbound-rtp", kind: "video", ssrc: 1, packetsReceived: 12,
        framesPerSecond: undefined, jitter: null },
    ]);
    expect(inbound).toEqual({ id: "v", type: "inbound-rtp", kind: "video", ssrc: 1, packetsReceived: 12 });
  });

  it("shortens fractions to what can be measured, and keeps whole numbers whole", () => {
    const [inbound] = pick([
      { id: "a", type: "inbound-rtp", jitter: 0.0020000000001, bytesReceived: 9007199254, packetsLost: -3 },
    ]);
    expect(inbound).toMatchObject({ jitter: 0.002, bytesReceived: 9007199254, packetsLost: -3 });
  });

  it("makes nothing of an empty report", () => {
    expect(pick([])).toEqual([]);
  });
});
