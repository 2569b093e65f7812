import { describe, expect, it } from "vitest";
import { zone } from "../../src/format/zone";
import { breakdownPath, daysOf, moved, overviewPath, readPeriods, today } from "../../src/pages/overview/periods";

const query = (text: string): URLSearchParams => new URLSearchParams(text);
const NOW = Date.parse("2026-11-26T20:00:00Z");

describe("the periods of the overview", () => {
  it("are the last fourteen days and as many before, by the clock of the zone", () => {
    zone.value = "Asia/Kolkata";
    expect(today(NOW)).toBe("2026-11-27");
    zone.value = "America/New_York";
    expect(readPeriods(query(""), NOW)).toEqual({
      this: { from: "2026-11-13", to: "2026-11-26" },
      other: { from: "2026-10-30", to: "2026-11-12" },
      isDirectlyBefore: true,
      length: 14,
      filter: {},
    });
  });

  it("are of any length, and the address names them", () => {
    const found = readPeriods(query("from=2026-10-01&to=2026-10-31&against_from=2025-10-01&against_to=2025-10-31"), NOW);
    expect(daysOf(found.this)).toBe(31);
    expect(found.isDirectlyBefore).toBe(false);
    expect(found.length).toBeNull();
    expect(readPeriods(query("days=7"), NOW).this).toEqual({ from: "2026-11-20", to: "2026-11-26" });
    expect(readPeriods(query("days=x&from=soon"), NOW).length).toBe(14);
    expect(moved({ from: "2026-03-01", to: "2026-03-02" }, -1)).toEqual({ from: "2026-02-28", to: "2026-03-01" });
  });

  it("are asked for with the zone", () => {
    zone.value = "UTC";
    const periods = readPeriods(query("from=2026-10-01&to=2026-10-07"), NOW);
    const asked = "from=2026-10-01&to=2026-10-07&against_from=2026-09-24&against_to=2026-09-30&tz=UTC";
    expect(overviewPath("a/b", periods)).toBe(`/v1/apps/a%2Fb/overview?${asked}`);
    expect(breakdownPath("a", periods, "hour")).toBe(`/v1/apps/a/overview/breakdowns?by=hour&${asked}`);
  });

  it("are of the calls that the address filters", () => {
    const periods = readPeriods(query("days=7&browser=Edge&person=p&person_name=Mei&bad=true&level=bad"), NOW);
    expect(periods.filter).toEqual({ browser: "Edge", person: "p" });
    expect(overviewPath("a", periods)).toContain("person=p&browser=Edge");
    expect(breakdownPath("a", periods, "os")).not.toContain("bad=");
  });
});
