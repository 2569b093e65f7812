import { describe, expect, it } from "vitest";
import type { CallCounts } from "../../src/api/types";
import { axisOf, formatComparison, formatHighMark, formatMark, formatPoints, formatShare } from "../../src/pages/overview/shares";

const calls = (bad: number, measured: number, low: number, high: number): CallCounts => ({
  measured_participants: measured,
  bad_participants: bad,
  share: measured < 20 ? null : { percent: (100 * bad) / measured, low, high },
});

describe("shares of bad calls", () => {
  it("are compared in words", () => {
    const difference = { points: 1.8, low: 0.3, high: 3.3, is_certain: true };
    expect(formatComparison(calls(118, 1842, 5.4, 7.6), calls(79, 1700, 3.7, 5.8), difference)).toEqual({
      text: "+1.8 points against 4.6 %; 95 % sure it is between +0.3 and +3.3.",
      verdict: "More than chance.",
    });
    const none = { points: -0.2, low: -1, high: 0.6, is_certain: false };
    const found = formatComparison(calls(5, 100, 2, 11), calls(5, 96, 2, 11), none);
    expect(found.text).toContain("−0.2 points");
    expect(found.verdict).toBe("May be chance.");
  });

  it("are not said of too few calls", () => {
    expect(formatShare(calls(9, 19, 0, 0))).toBe("–");
    expect(formatComparison(calls(9, 19, 0, 0), calls(5, 100, 2, 11), null).text).toBe(
      "19 measured calls: too few to say.",
    );
    expect(formatComparison(calls(5, 100, 2, 11), calls(0, 1, 0, 0), null).text).toContain("1 measured call in");
  });

  it("are named by the mark of high ones, also while nothing is known of all", () => {
    expect(formatHighMark(calls(6, 80, 3, 15))).toBe("above the 7.5 % of all, 99 % sure");
    expect(formatHighMark(calls(0, 0, 0, 0))).toBe("above all calls together, 99 % sure");
  });

  it("have an axis that holds the intervals of enough calls and the shares of all", () => {
    expect(axisOf([calls(5, 100, 2, 11)], 5)).toEqual([0, 5, 10, 15]);
    expect(axisOf([calls(5, 25, 5, 60)], 5)).toEqual([0, 5, 10, 15, 20, 25]);
    expect(axisOf([calls(100, 100, 96, 100)], 3)).toEqual([0, 50, 100]);
    expect(axisOf([calls(1, 46, 0, 11)], 3, 7.5)).toEqual([0, 5, 10]);
    expect(axisOf([], 3, 7.5).at(-1)).toBeGreaterThanOrEqual(7.5);
    expect(axisOf([], 5).length).toBeGreaterThan(1);
    expect(formatMark(0.5)).toBe("0.5 %");
    expect(formatMark(20)).toBe("20 %");
    expect(formatPoints(0)).toBe("0.0");
  });
});
