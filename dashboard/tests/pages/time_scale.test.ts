import { describe, expect, it } from "vitest";
import type { SessionPage } from "../../src/api/types";
import { bucketAt, lastBefore, momentAt, shareAt, ticksOf, ticksWithin } from "../../src/pages/session/time_scale";

const FROM = Date.parse("2026-11-21T10:00:00Z");

const page = {
  from_at: FROM,
  to_at: FROM + 40_000,
  bucket_ms: 10_000,
  buckets: 4,
  lanes: [],
} as unknown as SessionPage;

describe("the page's time", () => {
  it("leads to a place on a track and back", () => {
    const at = FROM + 12_345;
    expect(momentAt(page, shareAt(page, at))).toBeCloseTo(at, 3);
    expect(momentAt(page, -1)).toBe(FROM);
    expect(momentAt(page, 2)).toBe(page.to_at);
  });

  it("knows the bucket of a moment, and none outside", () => {
    expect([0, 9_999, 10_000, 39_999].map((ms) => bucketAt(page, FROM + ms))).toEqual([0, 0, 1, 3]);
    expect([bucketAt(page, FROM - 1), bucketAt(page, FROM + 40_000)]).toEqual([null, null]);
  });

  it("has no tick whose text reaches beyond the track", () => {
    const places = ticksWithin(page, 300, 50).map((tick) => 300 * shareAt(page, tick.at));
    expect(places.length).toBeGreaterThan(1);
    expect(Math.min(...places)).toBeGreaterThan(20);
    expect(Math.max(...places)).toBeLessThan(280);
  });

  it("has ticks at round times of the viewer's zone, no more than asked for", () => {
    const day = { from_at: FROM, to_at: FROM + 86_400_000 };
    const ticks = ticksOf(day, 8);
    expect(ticks.length).toBeLessThanOrEqual(9);
    for (const { at } of ticks) expect(new Date(at).getHours() % 3 + new Date(at).getMinutes()).toBe(0);
  });

  it("finds what was last before a moment", () => {
    const items = [{ at: 10 }, { at: 20 }, { at: 20 }, { at: 30 }];
    expect([9, 10, 19, 20, 29, 99].map((at) => lastBefore(items, at))).toEqual([null, 0, 0, 2, 2, 3]);
    expect(lastBefore(items, null)).toBeNull();
    expect(lastBefore([], 5)).toBeNull();
  });
});
