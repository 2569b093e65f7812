import { describe, expect, it } from "vitest";
import { sessionListPath, chipsOf, isFiltered, formatRange, formatTimeRange } from "../../src/pages/sessions/filters";

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
    expect(chipsOf(query("person=p1&person_name=Ada&country=DE&bad=true"))).toEqual([
      { name: "person", text: "Person: Ada", removes: ["person", "person_name"] },
      { name: "country", text: "Country: Germany", removes: ["country", "country_name"] },
    ]);
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
