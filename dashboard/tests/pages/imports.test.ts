import { describe, expect, it } from "vitest";
import { formatNames } from "../../src/pages/sessions/import_names";

describe("the name of an import", () => {
  it("names one file or two, and counts more", () => {
    expect(formatNames(["a"])).toBe("a");
    expect(formatNames(["a", "b"])).toBe("a and b");
    expect(formatNames(["a", "b", "c", "d"])).toBe("a and 3 others");
  });
});
