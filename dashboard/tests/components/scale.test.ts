import { describe, expect, it } from "vitest";
import { endOfScale, formatAxis } from "../../src/components/scale";

describe("the scale of a chart", () => {
  it("ends at a short number that is not less than the greatest value", () => {
    expect([0.05, 0.6, 1, 9.6, 10, 28, 295, 1_500_000].map(endOfScale)).toEqual([0.06, 0.6, 1, 10, 10, 40, 400, 2_000_000]);
    expect(endOfScale(0)).toBe(1);
    expect(endOfScale(null)).toBe(1);
  });

  it("is marked at its end and its middle without a contradiction", () => {
    for (const greatest of [0.031, 0.7, 3, 9.6, 52, 295, 640, 1_500_000, 7_000_000]) {
      const end = endOfScale(greatest);
      const [half, whole] = [formatAxis(end / 2), formatAxis(end)].map((text) => Number.parseFloat(text.replace(/[kM]$/, "")));
      expect([2 * (half ?? 0), 0.002 * (half ?? 0)], `${greatest}`).toContain(whole);
    }
    expect([0, 1_000, 2_500_000, 0.03, 45].map(formatAxis)).toEqual(["0", "1k", "2.5M", "0.03", "45"]);
  });
});
