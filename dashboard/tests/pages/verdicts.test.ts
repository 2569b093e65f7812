import { describe, expect, it } from "vitest";
import type { Level, SessionQuality, SessionRow } from "../../src/api/types";
import { groupLive, troubledSince } from "../../src/pages/sessions/verdicts";

type Counts = [number, number, number, number];

function quality(level: Level, shares: Counts[], affected = 1): SessionQuality {
  return {
    fold_version: 1,
    is_final: false,
    level,
    affected_participants: affected,
    letters: [0, 0, 0, 0],
    mos_audio: null,
    mos_video: null,
    measured_participants: 2,
    people_letters: [0, 0, 0, 0],
    bad_participants: 0,
    is_bad: level === 1,
    shares,
    strip_from_at: 1_000,
    strip_bucket_ms: 10,
  };
}

const GOOD: Counts = [0, 0, 0, 2];
const POOR: Counts = [0, 1, 0, 1];
const BAD: Counts = [1, 0, 0, 1];
const NOTHING: Counts = [0, 0, 0, 0];

describe("a live session that is bad", () => {
  it("is bad since the run that lasts began", () => {
    expect(troubledSince(quality(1, [BAD, GOOD, BAD, BAD]))).toBe(1_020);
    expect(troubledSince(quality(1, [BAD, BAD]))).toBe(1_000);
    expect(troubledSince(quality(2, [GOOD, POOR, BAD]))).toBe(1_010);
  });

  it("is not at the moment if its last measured moment was better", () => {
    expect(troubledSince(quality(1, [BAD, GOOD]))).toBeNull();
    expect(troubledSince(quality(1, [BAD, POOR, NOTHING]))).toBeNull();
    expect(troubledSince(quality(1, []))).toBeNull();
  });

  it("goes on through moments without measurements", () => {
    expect(troubledSince(quality(1, [GOOD, BAD, NOTHING, BAD, NOTHING]))).toBe(1_010);
  });
});

describe("the live sessions", () => {
  const call = (id: string, level: Level | null, affected = 1): SessionRow =>
    ({ id, quality: level === null ? null : quality(level, [], affected) }) as SessionRow;

  it("are in the order in which they need somebody", () => {
    const calls = [call("good", 4), call("new", null), call("poor", 2), call("one", 1), call("three", 1, 3), call("fair", 3)];
    const groups = groupLive(calls);
    expect(groups.troubled.map(({ id }) => id)).toEqual(["three", "one", "poor"]);
    expect(groups.calm.map(({ id }) => id)).toEqual(["good", "fair"]);
    expect(groups.unknown.map(({ id }) => id)).toEqual(["new"]);
  });
});
