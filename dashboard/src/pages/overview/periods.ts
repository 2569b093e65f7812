/** The two periods of the overview: in the page's address, in the request, and in words. */

import { withQuery } from "../../api/request";
import { DAY_MS, startOfDay } from "../../format/time";
import { callFilters } from "../sessions/filters";
import { toWall, zone } from "../../format/zone";

export const LENGTHS = [7, 14, 30, 90] as const;
export const DEFAULT_LENGTH = 14;
export const MOST_DAYS = 366;

/** Dates as `2026-11-26`; both are included. */
export interface Days {
  from: string;
  to: string;
}

export interface Periods {
  this: Days;
  other: Days;
  /** Whether the other one is directly before this one, and as long. */
  isDirectlyBefore: boolean;
  /** How many days up to today, unless dates were chosen. */
  length: number | null;
  /** By what the calls are filtered, as query parameters. */
  filter: Record<string, string>;
}

export function isDate(text: string | null): text is string {
  return text !== null && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** Days since 1970. */
function dayOf(date: string): number {
  return Date.parse(date) / DAY_MS;
}

export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function daysOf(days: Days): number {
  return dayOf(days.to) - dayOf(days.from) + 1;
}

/** Days that begin so many days later; a negative number is earlier. */
export function moved(days: Days, by: number): Days {
  return { from: dateOf(dayOf(days.from) + by), to: dateOf(dayOf(days.to) + by) };
}

/** Today by the clock of the page's zone. */
export function today(now: number): string {
  return dateOf(Math.floor(toWall(startOfDay(now)) / DAY_MS));
}

/** The periods that an address names; what it lacks follows from today. */
export function readPeriods(query: URLSearchParams, now: number): Periods {
  const from = query.get("from");
  const to = query.get("to");
  const end = isDate(to) ? to : today(now);
  const wanted = Math.round(Number(query.get("days")));
  const length = wanted >= 1 && wanted <= MOST_DAYS ? wanted : DEFAULT_LENGTH;
  const own = isDate(from) ? { from, to: end } : { from: dateOf(dayOf(end) - length + 1), to: end };
  const before = moved(own, -daysOf(own));
  const otherFrom = query.get("against_from");
  const otherTo = query.get("against_to");
  const other = isDate(otherFrom) && isDate(otherTo) ? { from: otherFrom, to: otherTo } : before;
  return {
    this: own,
    other,
    isDirectlyBefore: other.from === before.from && other.to === before.to,
    length: isDate(from) || isDate(to) ? null : length,
    filter: callFilters(query),
  };
}

function parameters(periods: Periods): Record<string, string> {
  return {
    from: periods.this.from,
    to: periods.this.to,
    against_from: periods.other.from,
    against_to: periods.other.to,
    tz: zone.value,
    ...periods.filter,
  };
}

export function overviewPath(appId: string, periods: Periods): string {
  return withQuery(`/v1/apps/${encodeURIComponent(appId)}/overview`, parameters(periods));
}

export function breakdownPath(appId: string, periods: Periods, by: string): string {
  return withQuery(`/v1/apps/${encodeURIComponent(appId)}/overview/breakdowns`, {
    by,
    ...parameters(periods),
  });
}

/** The address of all breakdowns as one CSV file. */
export function breakdownsFile(appId: string, periods: Periods): string {
  return withQuery(`/v1/apps/${encodeURIComponent(appId)}/overview/breakdowns`, {
    ...parameters(periods),
    format: "csv",
  });
}

const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const withYear = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});

/** `13 – 26 Nov`, with the year when it is not this one. */
export function formatDays(days: Days, now: number): string {
  const thisYear = today(now).slice(0, 4);
  const isThisYear = days.from.startsWith(thisYear) && days.to.startsWith(thisYear);
  const style = isThisYear ? short : withYear;
  return style.formatRange(Date.parse(days.from), Date.parse(days.to));
}

/** `the 14 days before` */
export function formatBefore(periods: Periods): string {
  const length = daysOf(periods.this);
  return length === 1 ? "the day before" : `the ${length} days before`;
}
