import { zone } from "../../src/format/zone";
import { describe, expect, it } from "vitest";
import { sessionListPath, chipsOf, formatFound, formatSamePerson, isFiltered, formatRange, formatTimeRange } from "../../src/pages/sessions/filters";

const query = (text: string): URLSearchParams => new URLSearchParams(text);
const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("the filters of the sessions list", () => {
  it("ask the server only with what it understands", () => {
    const path = sessionListPath("an app", query("bad=true&search=a%26b&page=3&person_name=Ada&cursor="));
    expect(path).toBe("/v1/apps/an%20app/calls?search=a%26b&bad=true&page=3");
  });

  it("ask by the cursor where there is one, and by the page's number elsewhere", () => {
    expect(sessionListPath("app", query("page=3&cursor=c"))).toBe("/v1/apps/app/calls?cursor=c");
  });

  it("export the whole of the list", () => {
    expect(sessionListPath("app", query("bad=true&page=3&cursor=c"), "csv")).toBe("/v1/apps/app/calls?bad=true&format=csv");
  });

  it("are shown as chips that take their name along", () => {
    expect(chipsOf(query("person=p1&person_name=Ada&country=DE&level=bad"))).toEqual([
      { name: "person", text: "Person: Ada", removes: ["person", "person_name"] },
      { name: "country", text: "Country: Germany", removes: ["country", "country_name"] },
    ]);
  });

  it("name an hour with its zone, and say what calls were found", () => {
    zone.value = "Asia/Kolkata";
    const asked = query("hour=9&browser_version=Edge+156&provider=AS1+Example&region=Lisbon,+PT");
    expect(chipsOf(asked).map((chip) => chip.text)).toEqual([
      "Created from 9:00–10:00, Asia/Kolkata",
      "Browser: Edge 156",
      "Network provider: Example (AS1)",
      "Region: Lisbon, Portugal",
    ]);
    expect(chipsOf(asked)[0]?.removes).toEqual(["hour", "hour_name"]);
    expect(sessionListPath("app", asked)).toContain("hour=9&tz=Asia%2FKolkata");
    expect(sessionListPath("app", query("tz=UTC"))).toBe("/v1/apps/app/calls");
    expect(formatFound({ total: 19, calls: 21 })).toBe("21 calls in 19 sessions");
    expect(formatFound({ total: 1, calls: null })).toBe("1 session");
    expect(formatSamePerson(asked)).toContain("one and the same person");
    expect(formatSamePerson(query("bad=true&from=2026-11-01"))).toBeNull();
  });

  it("know whether there are any", () => {
    expect(isFiltered(query("limit=100&cursor=x&sort=quality"))).toBe(false);
    expect(isFiltered(query("relay=tcp"))).toBe(true);
  });

  it("tell a whole day of the viewer's zone as that day", () => {
    const when = query("from=2026-11-19T18:30:00.000Z&to=2026-11-20T18:29:59.999Z");
    expect(formatTimeRange(when, NOW)).toMatch(/^Fri/);
    expect(formatTimeRange(when, NOW)).not.toContain(":");
    expect(formatTimeRange(query("bad=true"), NOW)).toBeNull();
  });

  it("tell ranges of participants", () => {
    expect(["5", "1:10", "5:", ":10"].map(formatRange)).toEqual(["5", "1 to 10", "5 or more", "up to 10"]);
  });
});
