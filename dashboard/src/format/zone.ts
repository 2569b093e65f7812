/** The time zone in which times are shown, and its wall clock. */

import { signal } from "@preact/signals";

/** The zone of the viewer's system. */
export const VIEWERS_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** The name of the zone in which every page shows its times, as `Europe/Berlin`. */
export const zone = signal(VIEWERS_ZONE);

export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

const MINUTE_MS = 60_000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's wall clock is ahead of UTC at a time, in ms. */
export function offsetAt(at: number, name = zone.value): number {
  let clock = clocks.get(name);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    clocks.set(name, clock);
  }
  const parts: Record<string, number> = {};
  for (const { type, value } of clock.formatToParts(at)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  const wall = Date.UTC(year, month - 1, day, hour, minute);
  return wall - Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

/** The wall clock's fields as those of a UTC time. */
export function toWall(at: number): number {
  return at + offsetAt(at);
}

/** The time at which the zone's wall clock has these fields; of two, the first. */
export function fromWall(wall: number): number {
  // A change of the clock lies within a day of any time; the offset before it comes first.
  const early = wall - offsetAt(wall - 86_400_000);
  if (toWall(early) === wall) return early;
  return wall - offsetAt(wall + 86_400_000);
}

/** `UTC+1`, `UTC+5:30`, `UTC`. */
export function formatOffset(at: number): string {
  const minutes = Math.round(offsetAt(at) / MINUTE_MS);
  if (minutes === 0) return "UTC";
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? "−" : "+"}${hours}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

/** The zone's short name at a time: `CET`, or its offset where it has none. */
export function formatZone(at: number): string {
  const named = new Intl.DateTimeFormat(undefined, { timeZone: zone.value, timeZoneName: "short" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value;
  return named === undefined || /^(GMT|UTC)/.test(named) ? formatOffset(at) : named;
}

/** The zone's name and offset: `CET (UTC+1)`. */
export function formatFullZone(at: number): string {
  const short = formatZone(at);
  const offset = formatOffset(at);
  return short === offset ? offset : `${short} (${offset})`;
}

/** `2026-11-26T13:28:40+01:00`: a time that names its zone. */
export function toIsoWithZone(at: number): string {
  const minutes = Math.round(offsetAt(at) / MINUTE_MS);
  const two = (value: number): string => String(value).padStart(2, "0");
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  const text = new Date(at + minutes * MINUTE_MS).toISOString().replace("Z", "").replace(".000", "");
  return text + offset;
}
