import { describe, expect, it } from "vitest";
import { BAR_HEIGHT, LEVELS, levelOf, letterOf, runsOf, tellStrip } from "../../src/words/quality";

describe("levels", () => {
  it("begin at the MOS the API documents", () => {
    const voices = [3.8, 3.79, 3.1, 3.09, 2.6, 2.59, null];
    expect(voices.map((mos) => levelOf("audio", mos))).toEqual([4, 3, 3, 2, 2, 1, 0]);
    const pictures = [3.3, 3.29, 2.6, 2.59, 2.1, 2.09, null];
    expect(pictures.map((mos) => levelOf("video", mos))).toEqual([4, 3, 3, 2, 2, 1, 0]);
  });

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
    expect(tellStrip([4, 4, 4, 1, 0])).toBe("Good 75 %, Bad 25 %");
    expect(tellStrip([0, 0])).toBe("Not measured");
  });
});
