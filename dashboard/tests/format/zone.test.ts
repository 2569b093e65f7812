import { afterEach, describe, expect, it } from "vitest";
import { formatDate, fromLocalInput, hourOfDay, isSameDay, startOfDay, toLocalInput } from "../../src/format/time";
import {
  formatFullZone,
  formatOffset,
  fromWall,
  isZone,
  offsetAt,
  toIsoWithZone,
  toWall,
  VIEWERS_ZONE,
  zone,
} from "../../src/format/zone";

const HOUR_MS = 3_600_000;
const NOON = Date.parse("2026-11-26T12:28:40Z");

afterEach(() => {
  zone.value = VIEWERS_ZONE;
});

describe("a time zone", () => {
  it("is the viewer's until another is chosen", () => {
    expect(formatOffset(NOON)).toBe("UTC+5:30");
    expect(toIsoWithZone(NOON)).toBe("2026-11-26T17:58:40+05:30");
  });

  it("stands in a copied moment, which reads as the same time", () => {
    for (const name of ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"]) {
      zone.value = name;
      expect(Date.parse(toIsoWithZone(NOON))).toBe(NOON);
    }
    zone.value = "America/St_Johns";
    expect(formatOffset(NOON)).toBe("UTC−3:30");
  });

  it("is named with its offset, once where it has no name", () => {
    zone.value = "UTC";
    expect(formatFullZone(NOON)).toBe("UTC");
    zone.value = "Asia/Kathmandu";
    expect(formatFullZone(NOON)).toBe("UTC+5:45");
  });

  it("is known by its name only", () => {
    expect(isZone("Europe/Berlin")).toBe(true);
    expect(isZone("Europe/Nowhere")).toBe(false);
    expect(isZone("")).toBe(false);
  });

  it("begins each day at its own midnight, also on days with a change of the clock", () => {
    zone.value = "Europe/Berlin";
    const before = Date.parse("2026-03-28T12:00:00Z");
    expect(startOfDay(before)).toBe(Date.parse("2026-03-27T23:00:00Z"));
    expect(startOfDay(before, 2) - startOfDay(before, 1)).toBe(23 * HOUR_MS);
    expect(hourOfDay(startOfDay(before, 1), 12)).toBe(Date.parse("2026-03-29T10:00:00Z"));
    expect(isSameDay(Date.parse("2026-03-28T23:30:00Z"), before)).toBe(false);
    expect(formatDate(Date.parse("2026-12-31T23:30:00Z"), before)).toContain("2027");
  });

  it("reads a wall clock as it shows it", () => {
    for (const name of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]) {
      zone.value = name;
      for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 1); at += 7.25 * HOUR_MS) {
        // In the hour that a clock shows twice, the first is meant.
        expect([0, 0.5 * HOUR_MS, HOUR_MS]).toContain(at - fromWall(toWall(at)));
        expect(Math.abs(offsetAt(at) % 60_000)).toBe(0);
      }
    }
    expect(toLocalInput(fromLocalInput("2026-07-01T14:30"))).toBe("2026-07-01T14:30");
  });
});
