/** Times and durations in the chosen zone and the viewer's locale; UTC where they must be exact. */

import { fromWall, toWall, zone } from "./zone";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const STYLES = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  exact: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  day: { weekday: "short", day: "numeric", month: "short" },
  dayOfYear: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  month: { month: "long", year: "numeric" },
  longDay: { weekday: "long", day: "numeric", month: "long" },
} satisfies Record<string, Intl.DateTimeFormatOptions>;

const formatters = new Map<string, Intl.DateTimeFormat>();

function format(style: keyof typeof STYLES, at: number, timeZone = zone.value): string {
  const key = `${style} ${timeZone}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(undefined, { ...STYLES[style], timeZone });
    formatters.set(key, formatter);
  }
  return formatter.format(at);
}

/** `14:05` */
export function formatTime(at: number): string {
  return format("clock", at);
}

/** `14:05:09` */
export function formatTimeWithSeconds(at: number): string {
  return format("exact", at);
}

/** `Tue, Nov 17`, with the year when it is not this one. */
export function formatDate(at: number, now: number): string {
  return format(yearOf(at) === yearOf(now) ? "day" : "dayOfYear", at);
}

function yearOf(at: number): number {
  return new Date(toWall(at)).getUTCFullYear();
}

/** Day and clock; today is left out. */
export function formatDateTime(at: number, now: number): string {
  return `${isSameDay(at, now) ? "Today" : formatDate(at, now)} ${formatTime(at)}`;
}

/** A day as the head of a group: `Today, Thursday 26 November`. */
export function formatDayHead(at: number, now: number): string {
  const day = format("longDay", at);
  if (isSameDay(at, now)) return `Today, ${day}`;
  if (isSameDay(at, startOfDay(now, -1))) return `Yesterday, ${day}`;
  return yearOf(at) === yearOf(now) ? day : format("dayOfYear", at);
}

/** `November 2026` */
export function formatMonth(at: number): string {
  return format("month", at);
}

/** `2026-11`, of the chosen zone. */
export function monthOf(at: number): string {
  return new Date(toWall(at)).toISOString().slice(0, 7);
}

/** A month so many later than the one named `2026-11`. */
export function monthAfter(name: string, months: number): string {
  const [year = 0, month = 1] = name.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 7);
}

/** A UTC day `2026-11-21` in words. */
export function formatUtcDate(date: string): string {
  return format("day", Date.parse(`${date}T00:00:00Z`), "UTC");
}

/** `2026-11-21 13:05:09.120 UTC` */
export function formatUtc(at: number): string {
  return `${new Date(at).toISOString().replace("T", " ").replace("Z", "").replace(".000", "")} UTC`;
}

export function isSameDay(one: number, other: number): boolean {
  return Math.floor(toWall(one) / DAY_MS) === Math.floor(toWall(other) / DAY_MS);
}

/** A length: `42 s`, `4 min 02 s`, `1 h 05 min`. */
export function formatDuration(length_ms: number): string {
  const whole = Math.max(0, length_ms);
  if (whole < MINUTE_MS) return `${Math.floor(whole / SECOND_MS)} s`;
  if (whole < HOUR_MS) {
    const seconds = Math.floor((whole % MINUTE_MS) / SECOND_MS);
    const minutes = `${Math.floor(whole / MINUTE_MS)} min`;
    return whole < 10 * MINUTE_MS ? `${minutes} ${String(seconds).padStart(2, "0")} s` : minutes;
  }
  const minutes = Math.floor((whole % HOUR_MS) / MINUTE_MS);
  return `${Math.floor(whole / HOUR_MS)} h ${String(minutes).padStart(2, "0")} min`;
}

/** How long somebody was there, to the second below an hour: `12 min 12 s`, `42 s`, `1 h 05 min`. */
export function formatPresence(minutes: number): string {
  const seconds = Math.round(minutes * 60);
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const whole = Math.round(seconds / 60);
  return `${Math.floor(whole / 60)} h ${two(whole % 60)} min`;
}

/** From when to when, with the year: `Thu, 26 Nov 2026, 13:19:00–13:31:18`; open while it lasts. */
export function formatSpan(from: number, to: number | null): string {
  const start = `${format("dayOfYear", from)}, ${formatTimeWithSeconds(from)}`;
  if (to === null) return `since ${start}`;
  const end = isSameDay(from, to) ? "" : `${format("dayOfYear", to)}, `;
  return `${start}–${end}${formatTimeWithSeconds(to)}`;
}

/** How long ago, roughly: `just now`, `5 min ago`, `3 days ago`. */
export function formatAge(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE_MS) return "just now";
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`;
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`;
  const days = Math.floor(age / DAY_MS);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** The beginning of a day in the chosen zone, so many days from the one of `at`. */
export function startOfDay(at: number, days = 0): number {
  return fromWall((Math.floor(toWall(at) / DAY_MS) + days) * DAY_MS);
}

/** The time at which the wall clock shows a full hour on the day that begins at `day`. */
export function hourOfDay(day: number, hour: number): number {
  return fromWall(toWall(day) + hour * HOUR_MS);
}

/** What an `<input type="datetime-local">` holds for a time. */
export function toLocalInput(at: number): string {
  return new Date(toWall(at)).toISOString().slice(0, 16);
}

/** The time of such an input's value; not a number if it is none. */
export function fromLocalInput(value: string): number {
  const wall = Date.parse(`${value}Z`);
  return Number.isNaN(wall) ? wall : fromWall(wall);
}
