/** Shares of bad calls in words and on axes. */

import type { CallCounts, Difference } from "../../api/types";
import { formatPlural, UNKNOWN } from "../../format/numbers";

/** Fewer calls are shown, but fainter. */
export const FAINT_BELOW = 60;

const oneDigit = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });

/** `6.4 %` */
export function formatShare(calls: CallCounts): string {
  return calls.share === null ? UNKNOWN : `${oneDigit.format(calls.share.percent)} %`;
}

/** `7–16`: the bounds of the interval, in percent. */
export function formatBounds(calls: CallCounts): string {
  return calls.share === null ? "" : `${whole.format(calls.share.low)}–${whole.format(calls.share.high)}`;
}

/** `+1.8`, `−0.4` */
export function formatPoints(points: number): string {
  return signed.format(points).replace("-", "−");
}

/** The difference of two shares in words: how much, between what, and whether it may be chance. */
export function formatComparison(
  calls: CallCounts,
  other: CallCounts,
  difference: Difference | null,
): { text: string; verdict: string | null } {
  if (calls.share === null) {
    return { text: `${formatPlural(calls.measured_participants, "measured call")}: too few to say.`, verdict: null };
  }
  if (other.share === null || difference === null) {
    const before = formatPlural(other.measured_participants, "measured call");
    return { text: `Nothing to compare with: ${before} in the other period, too few to say.`, verdict: null };
  }
  const { points, low, high, is_certain } = difference;
  return {
    text:
      `${formatPoints(points)} points against ${formatShare(other)}; 95 % sure it is between ` +
      `${formatPoints(low)} and ${formatPoints(high)}.`,
    verdict: is_certain ? "More than chance." : "May be chance.",
  };
}

const STEPS = [0.5, 1, 2, 5, 10, 20, 25, 50];

/** The marks of an axis from 0 that reaches as far as the shares that say something, and as the share
 * that they are compared with, in percent. */
export function axisOf(calls: readonly CallCounts[], mostMarks: number, compared = 0): number[] {
  let most = Math.max(1, compared);
  for (const { share, measured_participants } of calls) {
    if (share === null) continue;
    // The interval of few calls is wide: it may be cut off, its share not.
    const reach = measured_participants < FAINT_BELOW ? share.percent * 1.1 : share.high;
    most = Math.max(most, reach);
  }
  const step = STEPS.find((each) => Math.ceil(most / each) <= mostMarks) ?? 50;
  const marks = Math.min(Math.ceil(most / step), Math.floor(100 / step));
  return Array.from({ length: marks + 1 }, (_, place) => place * step);
}

/** What stands above the share of all, in words: that share, where it is known. */
export function formatHighMark(all: CallCounts): string {
  return all.share === null ? "above all calls together, 99 % sure" : `above the ${formatShare(all)} of all, 99 % sure`;
}

export function formatMark(percent: number): string {
  return `${oneDigit.format(percent).replace(/[.,]0$/, "")} %`;
}
