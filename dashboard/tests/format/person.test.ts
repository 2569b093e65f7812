import { describe, expect, it } from "vitest";
import type { Level, RecentCall } from "../../src/api/types";
import { commonIssueOf, firstNameOf, formatLevelsOfCalls, formatPersonVerdict, monthsOf } from "../../src/format/person";
import { formatPresence, monthAfter } from "../../src/format/time";

function calls(...levels: (Level | [Level, string])[]): RecentCall[] {
  return levels.map((one, index) => {
    const [level, issue] = Array.isArray(one) ? one : [one, null];
    return {
      session_id: `s${index}`,
      participant_id: `p${index}`,
      joined_at: Date.UTC(2026, 9, 20 + index * 7, 12),
      minutes: 10.5,
      level,
      issue,
      is_own: true,
      advice: "",
    };
  });
}

describe("a person's calls in words", () => {
  it("are counted by level, with those that were not measured", () => {
    expect(formatLevelsOfCalls(calls(1, 2, 2, 3, 4, 4))).toBe("1 bad, 2 poor and 1 fair of 6 calls");
    expect(formatLevelsOfCalls(calls(4, 4))).toBe("None below good of 2 calls");
    expect(formatLevelsOfCalls(calls(1, 0))).toBe("1 bad of 1 measured call, 1 not measured");
    expect(formatLevelsOfCalls(calls(0))).toBe("1 call, none of them measured");
  });

  it("have one verdict", () => {
    const says = (...levels: Level[]): string => formatPersonVerdict("Mei Berg", calls(...levels));
    expect(says(0)).toBe("Nothing was measured in Mei’s calls.");
    expect(says(1)).toBe("Mei’s only call was bad.");
    expect(says(1, 0)).toBe("Mei’s only measured call was bad.");
    expect(says(4, 4)).toBe("Mei’s calls were all good.");
    expect(says(4, 4, 4, 4, 4, 4, 4, 4, 4, 1)).toBe("Mei’s calls are mostly good.");
    expect(says(4, 1, 4, 1, 4)).toBe("Mei’s calls are often bad.");
    expect(says(4, 2, 4, 2, 4)).toBe("Mei’s calls are often poor.");
    expect(says(3, 3, 3, 4, 3)).toBe("Mei’s calls are mostly fair.");
    expect(says(4, 4, 4, 4, 4, 4, 4, 4, 1, 2, 3)).toBe("Mei’s calls are mostly good.");
    expect(says(4, 3, 4, 3, 4, 3)).toBe("Mei’s calls are of mixed quality.");
  });

  it("are counted in the verdict while they are few", () => {
    const says = (...levels: Level[]): string => formatPersonVerdict("Mei Berg", calls(...levels));
    expect(says(4, 1)).toBe("1 of Mei’s 2 calls was bad.");
    expect(says(4, 2, 4, 2)).toBe("2 of Mei’s 4 calls were poor.");
    expect(says(1, 4, 0)).toBe("1 of Mei’s 2 measured calls was bad.");
    expect(says(3, 3)).toBe("Mei’s calls were all fair.");
  });

  it("name the issue of most bad and poor calls", () => {
    const found = commonIssueOf(calls([1, "high_rtt"], [2, "video_frozen"], [2, "video_frozen"], [3, "high_rtt"], 4));
    expect(found).toMatchObject({ label: "frozen video", calls: 2, of: 3, level: 2 });
    expect(found?.latest.session_id).toBe("s2");
    expect(commonIssueOf(calls(4, [4, "high_rtt"]))).toBeNull();
  });

  it("are added up by month, the latest first", () => {
    const found = monthsOf(calls(1, 2, 4));
    expect(found.map(({ name, calls, minutes, bad, poor }) => [name, calls, minutes, bad, poor])).toEqual([
      ["2026-11", 1, 10.5, 0, 0],
      ["2026-10", 2, 21, 1, 1],
    ]);
  });

  it("call somebody by the first name, unless it is an initial", () => {
    expect([" Mei Berg", "J R Hartley", "Ada"].map(firstNameOf)).toEqual(["Mei", "J R Hartley", "Ada"]);
  });
});

describe("presence", () => {
  it("is exact to the second below an hour", () => {
    expect([0, 0.7, 12.2, 59.9999, 65].map(formatPresence)).toEqual(["0 s", "42 s", "12 min 12 s", "1 h 00 min", "1 h 05 min"]);
  });

  it("goes from month to month across years", () => {
    expect([monthAfter("2026-12", 1), monthAfter("2026-01", -1)]).toEqual(["2027-01", "2025-12"]);
  });
});
