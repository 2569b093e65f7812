/** The live sessions in the order in which they need somebody, and since when. */

import type { SessionQuality, SessionRow } from "../../api/types";

export interface LiveGroups {
  /** Bad and poor, the worst first, then those with more people affected. */
  troubled: SessionRow[];
  /** Fair and good. */
  calm: SessionRow[];
  /** Nothing was measured so far. */
  unknown: SessionRow[];
}

export function groupLive(calls: readonly SessionRow[]): LiveGroups {
  const levelOf = (call: SessionRow): number => (call.quality?.measured_participants ? call.quality.level : 0);
  const affected = (call: SessionRow): number => call.quality?.affected_participants ?? 0;
  return {
    troubled: calls
      .filter((call) => levelOf(call) === 1 || levelOf(call) === 2)
      .sort((one, other) => levelOf(one) - levelOf(other) || affected(other) - affected(one)),
    calm: calls.filter((call) => levelOf(call) >= 3),
    unknown: calls.filter((call) => levelOf(call) === 0),
  };
}

/**
 * Since when somebody has been at the session's level or below it without a pause until the last
 * measured moment, in ms since 1970; `null` if nobody is at that moment.
 */
export function troubledSince(quality: SessionQuality): number | null {
  const { shares, level } = quality;
  let since: number | null = null;
  for (let index = shares.length - 1; index >= 0; index -= 1) {
    const counts = shares[index] ?? [0, 0, 0, 0];
    // A moment without a measurement neither begins nor ends anything.
    if (!counts.some((count) => count > 0)) continue;
    if (!counts.slice(0, level).some((count) => count > 0)) break;
    since = index;
  }
  return since === null ? null : quality.strip_from_at + since * quality.strip_bucket_ms;
}
