/** Levels of quality in words, letters and colours. Each level has a second cue beside its colour. */

import { LEVEL_WORDS } from "../api/constants";
import type { Level, ParticipantTimeline, SessionQuality } from "../api/types";
import type { Shares } from "../api/members";

export const LEVELS: readonly Level[] = [4, 3, 2, 1, 0];

const LETTERS: Record<Level, string> = { 4: "G", 3: "F", 2: "P", 1: "B", 0: "–" };

/** The height of a level's bar, 0…1: the worse the level, the higher. */
export const BAR_HEIGHT: Record<Level, number> = { 4: 3 / 22, 3: 9 / 22, 2: 15 / 22, 1: 1, 0: 2 / 22 };

/** The style sheet's colour of a level's bar. */
export const BAR_FILL: Record<Level, string> = { 4: "q-good", 3: "q-fair", 2: "q-poor", 1: "q-bad", 0: "line-2" };

/** The colour of the firm edge at the top of a soft bar. */
export const BAR_CAP: Partial<Record<Level, string>> = { 3: "q-fair-cap", 2: "q-poor-cap" };

export function formatLevel(level: Level): string {
  return LEVEL_WORDS[level];
}

export function letterOf(level: Level): string {
  return LETTERS[level];
}

/** Runs of equal levels, in order. */
export function runsOf(levels: readonly Level[]): { level: Level; from: number; count: number }[] {
  const runs: { level: Level; from: number; count: number }[] = [];
  levels.forEach((level, index) => {
    const last = runs.at(-1);
    if (last && last.level === level) last.count += 1;
    else runs.push({ level, from: index, count: 1 });
  });
  return runs;
}

/** A participant's sparkline in words, for screen readers: `Good 80 %, Bad 20 %`. */
export function formatSparkline(levels: readonly Level[]): string {
  const known = levels.filter((level) => level > 0);
  if (!known.length) return LEVEL_WORDS[0];
  return LEVELS.filter((level) => level > 0 && known.includes(level))
    .map((level) => {
      const count = known.filter((other) => other === level).length;
      return `${LEVEL_WORDS[level]} ${Math.round((100 * count) / known.length)} %`;
    })
    .join(", ");
}

/** The levels of `Shares`, in their order. */
export const SHARED: readonly Level[] = [1, 2, 3, 4];

/** The shares of participants in a bucket as stacked parts from the bottom, 0…1 each: bad, poor, fair.
 * The rest is good. A part that is not empty has at least the height `least`. */
export function stackOf(shares: Shares, least: number): { level: Level; from: number; height: number }[] {
  const all = shares.reduce((sum, count) => sum + count, 0);
  const parts: { level: Level; from: number; height: number }[] = [];
  let from = 0;
  SHARED.slice(0, 3).forEach((level, index) => {
    const count = shares[index] ?? 0;
    if (!count) return;
    const height = Math.min(1 - from, Math.max(least, count / all));
    parts.push({ level, from, height });
    from += height;
  });
  return parts;
}

/** The numbers of bad, poor, fair and good participants in each bucket. */
export function sharesOf(lanes: readonly ParticipantTimeline[], buckets: number): Shares[] {
  const found = Array.from({ length: buckets }, (): Shares => [0, 0, 0, 0]);
  for (const lane of lanes) {
    if (lane.is_hidden) continue;
    lane.levels.forEach((level, index) => {
      const counts = found[index];
      if (level > 0 && counts) counts[level - 1] = (counts[level - 1] ?? 0) + 1;
    });
  }
  return found;
}

/** A session's sparkline in words. */
export function formatShares(shares: readonly Shares[]): string {
  const sums = SHARED.map((_, index) => shares.reduce((sum, counts) => sum + (counts[index] ?? 0), 0));
  const all = sums.reduce((sum, count) => sum + count, 0);
  if (!all) return LEVEL_WORDS[0];
  return SHARED.map((level, index) => ({ level, count: sums[index] ?? 0 }))
    .filter(({ count }) => count > 0)
    .reverse()
    .map(({ level, count }) => `${LEVEL_WORDS[level]} ${formatShare(count, all)}`)
    .join(", ");
}

function formatShare(count: number, all: number): string {
  const percent = Math.round((100 * count) / all);
  return percent ? `${percent} %` : "under 1 %";
}

/** A session's verdict: `Bad for 1 of 4`, or `Good`. */
export function formatVerdict(quality: SessionQuality | null): string {
  if (!quality?.measured_participants) return LEVEL_WORDS[0];
  const { level, people_letters } = quality;
  const people = people_letters.reduce((sum, count) => sum + count, 0);
  return level === 4
    ? LEVEL_WORDS[level]
    : `${LEVEL_WORDS[level]} for ${people_letters[level - 1] ?? 0} of ${people}`;
}

/** The same with the other levels: `Bad for 1 of 4, poor for 2`. */
export function formatFullVerdict(quality: SessionQuality | null): string {
  if (!quality?.measured_participants || quality.level === 4) return formatVerdict(quality);
  const others = SHARED.slice(quality.level, 3)
    .map((level) => ({ level, count: quality.people_letters[level - 1] ?? 0 }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${LEVEL_WORDS[level].toLowerCase()} for ${count}`);
  return [formatVerdict(quality), ...others].join(", ");
}
