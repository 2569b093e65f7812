/** The charted metrics of a stream, with their units. */

import type { OtherEnd, Stream } from "../../api/types";
import type { Line } from "../../components/chart";
import type { Maybe } from "../../api/members";
import { formatBitrate, formatMos, formatMilliseconds, formatPercent, formatNumber } from "../../format/numbers";

type MeasureName =
  | "mos"
  | "loss_percent"
  | "rtt_ms"
  | "jitter_ms"
  | "jitter_buffer_ms"
  | "concealment_percent"
  | "bitrate_bps"
  | "fps"
  | "height"
  | "freeze_percent";

export interface Measure {
  name: MeasureName;
  title: string;
  format: (value: number | null) => string;
  range?: [number, number];
  /** Whether simulcast layers differ in it. */
  isOfLayers?: boolean;
}

export const MEASURES: readonly Measure[] = [
  { name: "mos", title: "Quality", format: formatMos, range: [1, 5] },
  { name: "loss_percent", title: "Loss", format: formatPercent },
  { name: "rtt_ms", title: "Round trip", format: formatMilliseconds },
  { name: "jitter_ms", title: "Jitter", format: formatMilliseconds },
  { name: "jitter_buffer_ms", title: "Jitter buffer", format: formatMilliseconds },
  { name: "concealment_percent", title: "Filled-in sound", format: formatPercent },
  { name: "bitrate_bps", title: "Bitrate", format: formatBitrate, isOfLayers: true },
  { name: "fps", title: "Frames a second", format: formatNumber, isOfLayers: true },
  { name: "height", title: "Picture height", format: formatLines, isOfLayers: true },
  { name: "freeze_percent", title: "Frozen", format: formatPercent },
];

function formatLines(value: number | null): string {
  return value === null ? formatNumber(null) : `${formatNumber(value)} px`;
}

/** Whether any value is known. */
export function isKnown(values: readonly Maybe[]): boolean {
  return values.some((value) => value !== null);
}

/** The same stream as the other end reported it. */
export function findOther(streams: readonly Stream[], other: OtherEnd): Stream | null {
  const family = streams.filter((stream) => stream.family === other.stream_family);
  return (
    family.find((stream) => other.producer_id !== null && stream.producer_id === other.producer_id) ??
    family.find((stream) => other.ssrc !== null && stream.ssrc === other.ssrc) ??
    null
  );
}

/** The index of the sample nearest to a time, if one is within reach. */
export function nearest(t: readonly number[], at: number, reach_ms: number): number | null {
  let best: number | null = null;
  let least = reach_ms;
  for (const [index, one] of t.entries()) {
    const away = Math.abs(one - at);
    if (away <= least) {
      best = index;
      least = away;
    }
  }
  return best;
}

/** Two series on one time axis: the times of both, `null` where one has no value. */
export function join(
  t: readonly number[],
  values: readonly Maybe[],
  otherT: readonly number[],
  otherValues: readonly Maybe[],
): { t: number[]; values: (number | null | undefined)[]; others: (number | null | undefined)[] } {
  const all = [...new Set([...t, ...otherT])].sort((one, other) => one - other);
  const byMoment = (moments: readonly number[], list: readonly Maybe[]): Map<number, Maybe> =>
    new Map(moments.map((at, index) => [at, list[index] ?? null]));
  const own = byMoment(t, values);
  const other = byMoment(otherT, otherValues);
  // `undefined` is "no sample at this time", over which the line continues; `null` breaks it.
  return { t: all, values: all.map((at) => own.get(at)), others: all.map((at) => other.get(at)) };
}

/** The lines with those of the layers below, on one time axis. */
export function joinLayers(
  t: readonly number[],
  lines: readonly Line[],
  layers: readonly Stream[],
  name: MeasureName,
): { t: number[]; lines: Line[] } {
  if (!layers.length) return { t: [...t], lines: [...lines] };
  const all = [...new Set([...t, ...layers.flatMap((layer) => layer.t)])].sort((one, other) => one - other);
  const onAll = (moments: readonly number[], values: readonly (number | null | undefined)[]): Line["values"] => {
    const known = new Map(moments.map((at, index) => [at, values[index]]));
    return all.map((at) => known.get(at));
  };
  return {
    t: all,
    lines: [
      ...lines.map((line) => ({ ...line, values: onAll(t, line.values) })),
      ...layers.map((layer) => ({ name: "Layer", values: onAll(layer.t, layer[name]), colour: "share" })),
    ],
  };
}
