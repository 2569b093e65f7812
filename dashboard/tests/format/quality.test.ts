import { describe, expect, it } from "vitest";
import type { Level, ParticipantTimeline, SessionQuality } from "../../src/api/types";
import type { Shares } from "../../src/api/members";
import {
  BAR_HEIGHT,
  LEVELS,
  letterOf,
  runsOf,
  sharesOf,
  stackOf,
  formatShares,
  formatSparkline,
  formatVerdict,
  formatFullVerdict,
} from "../../src/format/quality";

describe("levels", () => {
  it("differ in letter and in height, not only in colour", () => {
    expect(new Set(LEVELS.map(letterOf)).size).toBe(LEVELS.length);
    expect(new Set(LEVELS.map((level) => BAR_HEIGHT[level])).size).toBe(LEVELS.length);
  });

  it("are drawn as runs that cover every place once", () => {
    const levels = [4, 4, 1, 0, 0, 4] as const;
    const runs = runsOf(levels);
    expect(runs.flatMap((run) => Array<number>(run.count).fill(run.level))).toEqual([...levels]);
    expect(runs).toHaveLength(4);
  });

  it("are told in words, without what was not measured", () => {
    expect(formatSparkline([4, 4, 4, 1, 0])).toBe("Good 75 %, Bad 25 %");
    expect(formatSparkline([0, 0])).toBe("Not judged");
  });
});

describe("shares of people", () => {
  const lane = (levels: Level[], is_hidden = false): ParticipantTimeline => ({ levels, is_hidden }) as ParticipantTimeline;

  it("count everybody once a bucket, but not who is hidden or was not measured", () => {
    const lanes = [lane([4, 1]), lane([4, 0]), lane([2, 3]), lane([1, 1], true)];
    expect(sharesOf(lanes, 2)).toEqual([
      [0, 1, 0, 2],
      [1, 0, 1, 0],
    ]);
  });

  it("are stacked from the bottom, the worst first, and do not grow with the room", () => {
    expect(stackOf([1, 0, 1, 2], 0)).toEqual([
      { level: 1, from: 0, height: 0.25 },
      { level: 3, from: 0.25, height: 0.25 },
    ]);
    expect(stackOf([25, 0, 25, 50], 0)).toEqual(stackOf([1, 0, 1, 2], 0));
    expect(stackOf([0, 0, 0, 9], 0)).toEqual([]);
  });

  it("never let one person vanish, nor stand out of the strip", () => {
    expect(stackOf([1, 0, 0, 49], 0.2)).toEqual([{ level: 1, from: 0, height: 0.2 }]);
    const tops = stackOf([98, 1, 1, 0], 0.2).map(({ from, height }) => from + height);
    expect(Math.max(...tops)).toBeLessThanOrEqual(1);
  });

  it("are put into words", () => {
    expect(formatShares([[0, 0, 0, 300], [1, 0, 99, 0]])).toBe("Good 75 %, Fair 25 %, Bad under 1 %");
    expect(formatShares([[0, 0, 0, 0]])).toBe("Not judged");
  });
});

describe("a verdict", () => {
  const quality = (level: Level, letters: Shares): SessionQuality =>
    ({
      level,
      letters,
      people_letters: letters,
      measured_participants: letters.reduce((sum, count) => sum + count, 0),
    }) as SessionQuality;

  it("says for how many", () => {
    expect(formatVerdict(quality(1, [1, 2, 0, 1]))).toBe("Bad for 1 of 4");
    expect(formatFullVerdict(quality(1, [1, 2, 0, 1]))).toBe("Bad for 1 of 4, poor for 2");
    expect(formatFullVerdict(quality(2, [0, 1, 3, 6]))).toBe("Poor for 1 of 10, fair for 3");
    expect(formatFullVerdict(quality(3, [0, 0, 1, 0]))).toBe("Fair for 1 of 1");
  });

  it("is one word when all was good, and says where nothing was judged", () => {
    expect(formatFullVerdict(quality(4, [0, 0, 0, 3]))).toBe("Good");
    expect(formatVerdict(null)).toBe("Not judged");
  });
});
