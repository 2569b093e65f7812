import { KEPT } from "./members";
import type { StatsObject } from "./protocol";

const kept = new Set(KEPT.split(" "));

/** Microunits are finer than any browser measures; further digits only cost bytes. */
function shorten(value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value;
}

/**
 * The parts of a getStats report that the record keeps: listed types and members, the candidate
 * pairs in use and their candidates, the codecs some stream refers to.
 */
export function pickStats(report: RTCStatsReport): StatsObject[] {
  const all: StatsObject[] = [];
  const selected = new Set<unknown>();
  const referred = new Set<unknown>();
  report.forEach((stats: StatsObject) => {
    all.push(stats);
    if (stats.selectedCandidatePairId) selected.add(stats.selectedCandidatePairId);
    referred.add(stats.codecId);
  });
  for (const pair of all) {
    // Without transport stats, as in older Firefox, the pair itself is marked.
    const isInUse = selected.size
      ? selected.has(pair.id)
      : pair.selected || (pair.nominated && pair.state === "succeeded");
    if (isInUse) referred.add(pair.id).add(pair.localCandidateId).add(pair.remoteCandidateId);
  }
  return all.flatMap((stats) => {
    const { id, type } = stats;
    if (!kept.has(type)) return [];
    if (/^co|candidate/.test(type) && !referred.has(id)) return [];
    const picked: StatsObject = { id, type };
    for (const name in stats) {
      if (kept.has(name) && stats[name] != null) picked[name] = shorten(stats[name]);
    }
    return [picked];
  });
}
