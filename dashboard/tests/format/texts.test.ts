import { describe, expect, it } from "vitest";
import { formatName, formatTitle } from "../../src/format/labels";
import { formatNames, isolate, isVisible } from "../../src/format/texts";

describe("a name", () => {
  it("that leaves no ink has a stand-in", () => {
    for (const name of ["", " ", "\u200B\u200D", "\u3164", "\u2800 \u00A0", "\u202E\u2066", "\uFE0F", "\u00AD", "\u{E0001}"]) {
      expect(formatName(name)).toBe("Without a name");
    }
    expect(formatName(null)).toBe("Without a name");
  });

  it("that can be seen is shown as it is", () => {
    for (const name of ["Ada", "宮", "م", "👩‍🚀", "-", "ᄀ", " O’Brien "]) {
      expect(isVisible(name)).toBe(true);
      expect(formatName(name)).toBe(name);
    }
  });

  it("does not turn the words beside it", () => {
    expect(isolate("Ada")).toBe("Ada");
    expect(isolate("مريم")).toBe("\u2068مريم\u2069");
    expect(isolate("Ada\u202E")).toBe("\u2068Ada\u2069");
    expect(isolate("\u2069Ada")).toBe("\u2068Ada\u2069");
  });
});

describe("a meeting without a title", () => {
  const of = (...names: (string | null)[]) => names.map((name) => ({ name }));

  it("is named by who was in it", () => {
    expect(formatTitle({ title: "" }, of("Ada"))).toBe("Ada");
    expect(formatTitle({ title: " \u200B" }, of("Ada", "Ben"))).toBe("Ada and Ben");
    expect(formatTitle({ title: null }, of("Ada", "Ben", "Cem"))).toBe("Ada, Ben and 1 other");
    expect(formatTitle({ title: "", participants: of("Ada", "Ben"), total_participants: 60 })).toBe(
      "Ada, Ben and 58 others",
    );
  });

  it("is untitled if nobody in it has a name", () => {
    expect(formatTitle({ title: "" }, of(null, " "))).toBe("Untitled meeting");
    expect(formatTitle({ title: "" })).toBe("Untitled meeting");
    expect(formatTitle({ title: "Choir" }, of("Ada"))).toBe("Choir");
  });

  it("counts those without a name among the others", () => {
    expect(formatNames(["Ada"], 3)).toBe("Ada and 2 others");
  });
});
