/** Times and durations in the viewer's zone and locale; UTC where they must be exact. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exactClock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
});
const utcDay = new Intl.DateTimeFormat(undefined, {
  timeZone: "UTC",
  weekday: "short",
  day: "numeric",
  month: "short",
});

/** `14:05` */
export function formatTime(at: number): string {
  return clock.format(at);
}

/** `14:05:09` */
export function formatTimeWithSeconds(at: number): string {
  return exactClock.format(at);
}

/** `Tue, Nov 17`, with the year when it is not this one. */
export function formatDate(at: number, now: number): string {
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? day : dayOfYear).format(at);
}

/** Day and clock; today is left out. */
export function formatDateTime(at: number, now: number): string {
  return `${isSameDay(at, now) ? "Today" : formatDate(at, now)} ${formatTime(at)}`;
}

/** A UTC day `2026-11-21` in words. */
export function formatUtcDate(date: string): string {
  return utcDay.format(Date.parse(`${date}T00:00:00Z`));
}

/** `2026-11-21 13:05:09.120 UTC` */
export function formatUtc(at: number): string {
  return `${new Date(at).toISOString().replace("T", " ").replace("Z", "").replace(".000", "")} UTC`;
}

export function isSameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
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

/** How long ago, roughly: `just now`, `5 min ago`, `3 days ago`. */
export function formatAge(at: number, now: number): string {
  const age = now - at;
  if (age < MINUTE_MS) return "just now";
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`;
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`;
  const days = Math.floor(age / DAY_MS);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** The beginning of a day in the viewer's zone, so many days from the one of `at`. */
export function startOfDay(at: number, days = 0): number {
  const start = new Date(at);
  start.setHours(0, 0, 0, 0);
  start.setDate(start.getDate() + days);
  return start.getTime();
}

/** What an `<input type="datetime-local">` holds for a moment. */
export function toLocalInput(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}` +
    `T${two(date.getHours())}:${two(date.getMinutes())}`
  );
}
