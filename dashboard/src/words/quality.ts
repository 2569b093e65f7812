/** Levels of quality in words, letters and colours. Each level has a second cue beside its colour. */

import type { Call, Lane, Level } from "../api/shapes";

export const LEVELS: readonly Level[] = [4, 3, 2, 1, 0];

const WORDS: Record<Level, string> = {
  4: "Good",
  3: "Fair",
  2: "Poor",
  1: "Bad",
  0: "Not measured",
};
const LETTERS: Record<Level, string> = { 4: "G", 3: "F", 2: "P", 1: "B", 0: "–" };

/** How high a level's bar is, 0…1: what was bad stands out. */
export const BAR_HEIGHT: Record<Level, number> = { 4: 0.36, 3: 0.56, 2: 0.78, 1: 1, 0: 0.16 };

export function tellLevel(level: Level): string {
  return WORDS[level];
}

export function letterOf(level: Level): string {
  return LETTERS[level];
}

/** The least MOS of levels 4, 3 and 2 (docs/reference/dashboard-api.md, Levels). */
const LEAST = { audio: [3.8, 3.1, 2.6], video: [3.3, 2.6, 2.1] } as const;

/** The level of a voice's or a picture's MOS. */
export function levelOf(kind: "audio" | "video", mos: number | null | undefined): Level {
  if (mos === null || mos === undefined) return 0;
  const [good, fair, poor] = LEAST[kind];
  if (mos >= good) return 4;
  if (mos >= fair) return 3;
  return mos >= poor ? 2 : 1;
}

/** The level of a participant's whole call. */
export function laneLevel(lane: Lane): Level {
  const levels = [levelOf("audio", lane.p10_mos_audio), levelOf("video", lane.p10_mos_video)];
  const known = levels.filter((level) => level > 0);
  return known.length ? (Math.min(...known) as Level) : 0;
}

/** Runs of equal levels: how many of which, in order. */
export function runsOf(levels: readonly Level[]): { level: Level; from: number; count: number }[] {
  const runs: { level: Level; from: number; count: number }[] = [];
  levels.forEach((level, index) => {
    const last = runs.at(-1);
    if (last && last.level === level) last.count += 1;
    else runs.push({ level, from: index, count: 1 });
  });
  return runs;
}

/** A strip in words, for those who cannot see it: `Good 80 %, Bad 20 %`. */
export function tellStrip(levels: readonly Level[]): string {
  const known = levels.filter((level) => level > 0);
  if (!known.length) return "Not measured";
  return LEVELS.filter((level) => level > 0 && known.includes(level))
    .map((level) => {
      const count = known.filter((other) => other === level).length;
      return `${WORDS[level]} ${Math.round((100 * count) / known.length)} %`;
    })
    .join(", ");
}

/** A session's quality in a sentence. */
export function tellCallQuality(call: Call): string {
  const quality = call.quality;
  if (!quality || !quality.measured_participants) return "Not measured";
  const bad = quality.bad_participants;
  return bad
    ? `${WORDS[quality.level]}; bad for ${bad} of ${quality.measured_participants}`
    : WORDS[quality.level];
}
