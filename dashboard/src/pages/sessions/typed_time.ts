/** A day and an hour typed behind a name, such as `mei tue 10:00`, as a filter of the list. */

import { hourOfDay, startOfDay } from "../../format/time";
import { toWall } from "../../format/zone";

const HOUR_MS = 3_600_000;
/** A call remembered as "around three" may have begun this much earlier. */
const BEGAN_BEFORE_MS = 2 * HOUR_MS;
const DAY_NAMES = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
/** Shorter beginnings of a weekday are names of people. */
const LEAST_LETTERS = 3;
/** Words that lead from the name to the day, or from the day to the hour. */
const LINKING = ["on", "at", "around", "about"];

export interface TypedTime {
  /** The words that are left to search for. */
  rest: string;
  from: number;
  to: number;
}

/** When calls began that somebody remembers at this hour of the day that begins at `day`. */
export function aroundHour(day: number, hour: number): { from: number; to: number } {
  const start = hourOfDay(day, hour);
  return { from: start - BEGAN_BEFORE_MS, to: start + HOUR_MS - 1 };
}

/** The day and the hour in a text with both, taken out of it; `null` without one of them. */
export function parseTypedTime(text: string, now: number): TypedTime | null {
  const words = text.trim().split(/\s+/);
  for (let place = 0; place < words.length; place += 1) {
    const day = parseDay(words[place] ?? "", now);
    if (day === null) continue;
    const after = skipLinking(words, place + 1, 1);
    const following = parseClock(words[after] ?? "") ?? parseBareHour(words[after] ?? "");
    if (following !== null) return typed(words, place, after + 1, day, following);
    const before = skipLinking(words, place - 1, -1);
    const preceding = parseClock(words[before] ?? "");
    if (preceding !== null) return typed(words, before, place + 1, day, preceding);
  }
  return null;
}

/** The day alone in a text, taken out of it: what may be offered when the words are found nowhere. */
export function parseTypedDay(text: string, now: number): TypedTime | null {
  const words = text.trim().split(/\s+/);
  for (let place = 0; place < words.length; place += 1) {
    const day = parseDay(words[place] ?? "", now);
    if (day !== null) return { rest: without(words, place, place + 1), from: day, to: startOfDay(day, 1) - 1 };
  }
  return null;
}

function typed(words: readonly string[], first: number, end: number, day: number, hour: number): TypedTime {
  return { rest: without(words, first, end), ...aroundHour(day, hour) };
}

function without(words: readonly string[], first: number, end: number): string {
  const start = skipLinking(words, first - 1, -1) + 1;
  return [...words.slice(0, start), ...words.slice(end)].join(" ").replace(/,$/u, "");
}

function skipLinking(words: readonly string[], from: number, step: 1 | -1): number {
  let place = from;
  while (LINKING.includes(plain(words[place] ?? ""))) place += step;
  return place;
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[.,]+$/u, "");
}

/** The beginning of a day by its name or its date, the last such day that has begun. */
function parseDay(typedWord: string, now: number): number | null {
  const word = plain(typedWord);
  const today = startOfDay(now);
  if (word === "today") return today;
  if (word === "yesterday") return startOfDay(today, -1);
  if (/^\d{4}-\d\d-\d\d$/u.test(word)) return parseDate(word, today);
  const weekday = weekdayOf(word);
  if (weekday === -1) return null;
  const ago = (new Date(toWall(today)).getUTCDay() - weekday + 7) % 7;
  return startOfDay(today, -ago);
}

function parseDate(word: string, today: number): number | null {
  const wall = Date.parse(`${word}T00:00:00Z`);
  if (Number.isNaN(wall)) return null;
  return startOfDay(today, Math.round((wall - toWall(today)) / (24 * HOUR_MS)));
}

/** 0 for Sunday, by its English name or by that of the viewer's language, whole or cut short; -1 for another word. */
function weekdayOf(word: string): number {
  if (word.length < LEAST_LETTERS) return -1;
  const english = DAY_NAMES.findIndex((name) => name.startsWith(word));
  return english === -1 ? ownDayNames().findIndex((name) => name.startsWith(word)) : english;
}

function ownDayNames(): string[] {
  const format = new Intl.DateTimeFormat(undefined, { weekday: "long", timeZone: "UTC" });
  // 4 January 1970 was a Sunday.
  return DAY_NAMES.map((_, day) => format.format(Date.UTC(1970, 0, 4 + day)).toLowerCase());
}

/** The hour of `10:00`, `10.15`, `10h` or `3pm`. */
function parseClock(typedWord: string): number | null {
  const word = plain(typedWord);
  const [, half, suffix] = /^(\d{1,2})(?:[:.]\d\d)?(am|pm)$/u.exec(word) ?? [];
  if (half !== undefined) {
    const hour = Number(half);
    return hour >= 1 && hour <= 12 ? (hour % 12) + (suffix === "pm" ? 12 : 0) : null;
  }
  const [, whole] = /^(\d{1,2})(?:[:.][0-5]\d|h)$/u.exec(word) ?? [];
  return whole === undefined ? null : parseBareHour(whole);
}

function parseBareHour(word: string): number | null {
  return /^\d{1,2}$/u.test(word) && Number(word) < 24 ? Number(word) : null;
}
