/** The limits of a metric, as charts draw and name them. */

import { LIMITS } from "../../api/constants";
import type { Stream } from "../../api/types";
import type { Limit } from "../../components/chart";
import type { Measure } from "./metrics";

const COLOURS: Record<string, string> = { good: "ink-3", fair: "q-poor-ink", poor: "q-poor-ink", bad: "q-bad-ink" };

/** The limits of a stream's metric; the score of a picture on a screen has none of its own. */
export function limitsOf(stream: Stream, measure: Measure): Limit[] {
  const by = LIMITS[measure.name] ?? {};
  const medium = stream.kind === "audio" ? "audio" : stream.is_screenshare ? "screen" : "video";
  const found = by[medium] ?? (measure.name === "mos" ? (by[stream.kind] ?? []) : []);
  return found.map(([word, value]) => ({
    value,
    text: `${word} ${measure.name === "mos" ? value : measure.format(value)}`,
    // Of a score the last limit is the one below which a stream is bad.
    colour: measure.name === "mos" && word === "poor" ? "q-bad-ink" : (COLOURS[word] ?? "ink-3"),
  }));
}
