import { describe, expect, it } from "vitest";
import { allSessionsAddress, columnsValue, shownColumns } from "../../src/pages/sessions/columns";

const query = (text: string): URLSearchParams => new URLSearchParams(text);

describe("the columns of the list", () => {
  it("are the usual ones unless the address names others", () => {
    expect(shownColumns(query(""))).toEqual(["people", "length", "minutes", "verdict", "strip", "issue"]);
    expect(shownColumns(query("columns=relays,people,weather"))).toEqual(["people", "relays"]);
    expect(shownColumns(query("columns=none"))).toEqual([]);
  });

  it("come back from the address as they were chosen", () => {
    for (const text of ["columns=none", "columns=people,relays", "columns=issue"]) {
      expect(`columns=${columnsValue(shownColumns(query(text)))}`).toBe(text);
    }
    expect(columnsValue(shownColumns(query("")))).toBeNull();
  });

  it("stay when the filters go", () => {
    expect(allSessionsAddress(query("bad=true&columns=people"))).toBe("/sessions?columns=people");
    expect(allSessionsAddress(query("bad=true"))).toBe("/sessions");
  });
});
