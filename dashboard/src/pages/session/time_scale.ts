/** Conversions between times and places on a track. */

import type { ParticipantTimeline, SessionPage } from "../../api/types";
import { offsetAt } from "../../format/zone";

export interface Scale {
  from_at: number;
  to_at: number;
}

/** The place of a time on a track: 0…1, or beyond it. */
export function shareAt(scale: Scale, at: number): number {
  const length = scale.to_at - scale.from_at;
  return length > 0 ? (at - scale.from_at) / length : 0;
}

/** The time at a place of a track. */
export function momentAt(scale: Scale, share: number): number {
  const inside = Math.min(1, Math.max(0, share));
  return scale.from_at + inside * (scale.to_at - scale.from_at);
}

/** The bucket of a time; `null` outside. */
export function bucketAt(page: SessionPage, at: number): number | null {
  const index = Math.floor((at - page.from_at) / page.bucket_ms);
  return index >= 0 && index < page.buckets ? index : null;
}

/** Whether a participant was present at a time. */
export function isThere(lane: ParticipantTimeline, at: number): boolean {
  return lane.peers.some((peer) => peer.joined_at <= at && (peer.left_at ?? Infinity) > at);
}

const STEPS_MS = [
  1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
];

/** Round times in the chosen zone as ticks of a track, at most `most`. */
export function ticksOf(scale: Scale, most: number): { at: number; hasSeconds: boolean }[] {
  const length = scale.to_at - scale.from_at;
  const step = STEPS_MS.find((one) => length / one <= most) ?? Math.ceil(length / most);
  // Steps of more than an hour begin at a local midnight.
  const zone_ms = offsetAt(scale.from_at);
  const ticks: { at: number; hasSeconds: boolean }[] = [];
  let at = Math.ceil((scale.from_at + zone_ms) / step) * step - zone_ms;
  for (; at <= scale.to_at; at += step) ticks.push({ at, hasSeconds: step < 60_000 });
  return ticks;
}

/** Half the width of a tick's text, with seconds. */
const PIXELS_OF_HALF_A_TICK = 24;

/** The ticks of a track so many pixels wide, one at most for each `pixelsATick`, whose text does not reach
 * beyond it. */
export function ticksWithin(scale: Scale, width: number, pixelsATick: number): ReturnType<typeof ticksOf> {
  return ticksOf(scale, Math.max(2, Math.floor(width / pixelsATick))).filter((tick) => {
    const at = shareAt(scale, tick.at) * width;
    return at > PIXELS_OF_HALF_A_TICK && at < width - PIXELS_OF_HALF_A_TICK;
  });
}

/** The index of the last item at or before a time, by binary search; items are in order of time. */
export function lastBefore(items: readonly { at: number }[], at: number | null): number | null {
  if (at === null) return null;
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? low - 1 : null;
}
