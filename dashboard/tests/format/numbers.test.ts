import { describe, expect, it } from "vitest";
import { formatBytes, shareOf, formatBitrate, formatLostData, formatMos, formatPercent } from "../../src/format/numbers";
import { formatDuration } from "../../src/format/time";

describe("amounts", () => {
  it("show what is not known as a dash, never as zero", () => {
    expect([formatMos(null), formatPercent(null), formatBitrate(null)]).toEqual(["–", "–", "–"]);
    expect(shareOf(0, 0)).toBeNull();
  });

  it("keep a digit where it matters", () => {
    expect([0, 0.4, 9.96, 12.4].map(formatPercent)).toEqual(["0 %", "0.4 %", "10 %", "12 %"]);
    expect([900, 32_400, 1_250_000].map(formatBitrate)).toEqual(["900 bit/s", "32 kbit/s", "1.3 Mbit/s"]);
  });

  it("tell lengths from seconds to hours", () => {
    const lengths = [0, 59_999, 61_000, 600_000, 3_900_000].map(formatDuration);
    expect(lengths).toEqual(["0 s", "59 s", "1 min 01 s", "10 min", "1 h 05 min"]);
  });
});

describe("sizes of files", () => {
  it("are in kilobytes, then in megabytes", () => {
    expect([0, 34_000, 5_500_000, 536_870_912].map(formatBytes)).toEqual(["1 KB", "33 KB", "5.2 MB", "512 MB"]);
  });
});

describe("what was lost", () => {
  const nothing = { refused_entries: 0, unreadable_samples: 0, dropped_entries: 0 };

  it("is named with its number, kind by kind", () => {
    expect(formatLostData({ ...nothing, refused_entries: 1, dropped_entries: 1200 })).toBe(
      "1 entry refused, 1,200 entries dropped by the client",
    );
    expect(formatLostData({ ...nothing, unreadable_samples: 2 })).toBe("2 measurements unreadable");
  });

  it("is empty when nothing was", () => {
    expect(formatLostData(nothing)).toBe("");
  });
});
