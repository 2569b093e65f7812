import { beforeEach, expect, test } from "vitest";
import { parseTypedDay, parseTypedTime } from "../../src/pages/sessions/typed_time";
import { zone } from "../../src/format/zone";

const HOUR_MS = 3_600_000;
/** A Friday, 13:00 in Kolkata. */
const NOW = Date.parse("2026-11-27T07:30:00Z");
const TUESDAY_AT_10 = Date.parse("2026-11-24T04:30:00Z");

beforeEach(() => {
  zone.value = "Asia/Kolkata";
});

test.each([
  ["mei tue 10:00", "mei"],
  ["Mei Tuesday 10", "Mei"],
  ["mei on Tuesday at 10", "mei"],
  ["mei, tues around 10am", "mei"],
  ["10:15 tue mei", "mei"],
  ["mei 10h on tue.", "mei"],
  ["mei 2026-11-24 10:00 o'brien", "mei o'brien"],
  ["tue 10:00", ""],
])("%s means calls around ten of the last Tuesday", (text, rest) => {
  expect(parseTypedTime(text, NOW)).toEqual({
    rest,
    from: TUESDAY_AT_10 - 2 * HOUR_MS,
    to: TUESDAY_AT_10 + HOUR_MS - 1,
  });
});

test.each([
  "mei",
  "friday sync",
  "room 10:00",
  "sun li",
  "tue",
  "mei tue 24",
  "mei tue 25:00",
  "mei tue 10:75",
  "mei tue 13pm",
  "mei tu 10:00",
  "mei 2026-99-99 10:00",
  "10 tue",
])("%s are words to search for", (text) => {
  expect(parseTypedTime(text, NOW)).toBeNull();
});

test("the day of today is today, and the zone is the chosen one", () => {
  expect(parseTypedTime("mei fri 3pm", NOW)?.from).toBe(Date.parse("2026-11-27T07:30:00Z"));
  expect(parseTypedTime("mei yesterday 0:00", NOW)?.from).toBe(Date.parse("2026-11-25T16:30:00Z"));
  zone.value = "UTC";
  expect(parseTypedTime("mei tue 10:00", NOW)?.from).toBe(Date.parse("2026-11-24T08:00:00Z"));
});

test("a day without an hour is a whole day", () => {
  expect(parseTypedDay("mei on tuesday", NOW)).toEqual({
    rest: "mei",
    from: Date.parse("2026-11-23T18:30:00Z"),
    to: Date.parse("2026-11-24T18:30:00Z") - 1,
  });
  expect(parseTypedDay("mei", NOW)).toBeNull();
});
