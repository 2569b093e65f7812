import { describe, expect, it } from "vitest";
import { CHOICES, durationInWords, isLater } from "../../src/pages/settings/retention_times";

describe("retention times", () => {
  it("are told in the largest unit that leaves no rest", () => {
    const told = [86_400, 30 * 86_400, 730 * 86_400, 90_000, 5_400, 61].map(durationInWords);
    expect(told).toEqual(["1 day", "30 days", "2 years", "25 hours", "90 minutes", "61 seconds"]);
  });

  it("tell no limit as for ever, and order it last", () => {
    expect(durationInWords(0)).toBe("for ever");
    expect([...CHOICES, "3600"].sort(isLater)).toEqual(["3600", ...CHOICES]);
  });
});
