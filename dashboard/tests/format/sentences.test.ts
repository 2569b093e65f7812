import { describe, expect, it } from "vitest";
import { cutSentence, markName } from "../../src/format/sentences";

const ANCHOR = Date.parse("2026-11-21T10:02:10Z");

describe("a sentence with moments in UTC", () => {
  it("is cut into text and moments of the anchor's day", () => {
    const parts = cutSentence("Lost 12 % from 10:02:10 to 10:05:40 UTC, all heard it.", ANCHOR);
    expect(parts).toEqual([
      { text: "Lost 12 % from " },
      { at: ANCHOR },
      { text: " to " },
      { at: Date.parse("2026-11-21T10:05:40Z") },
      { text: ", all heard it." },
    ]);
  });

  it("goes on after midnight", () => {
    const late = Date.parse("2026-11-21T23:58:00Z");
    const parts = cutSentence("From 23:58:00 to 00:01:00 UTC", late);
    expect(parts.filter((part) => "at" in part)).toEqual([
      { at: late },
      { at: Date.parse("2026-11-22T00:01:00Z") },
    ]);
  });

  it("stays as it is without an anchor, or without the word UTC", () => {
    const said = "From 10:02:10 to 10:05:40 UTC";
    expect(cutSentence(said, null)).toEqual([{ text: said }]);
    expect(cutSentence("A ratio of 10:02:10", ANCHOR)).toEqual([{ text: "A ratio of 10:02:10" }]);
  });

  it("never loses a letter of what is not a moment", () => {
    const said = "<b>10:02:10</b> & 11:00 UTC <img src=x>";
    const text = cutSentence(said, ANCHOR).map((part) => ("text" in part ? part.text : "·"));
    expect(text.join("")).toBe("<b>·</b> & · <img src=x>");
  });
});

describe("the person in a sentence", () => {
  it("is marked at the first mention, whatever moments come before", () => {
    const parts = cutSentence("From 10:02:10 to 10:05:40 UTC Ann and Ann's dog", ANCHOR);
    expect(markName(parts, "Ann")?.slice(-3)).toEqual([
      { text: " " },
      { name: "Ann" },
      { text: " and Ann's dog" },
    ]);
  });

  it("is not found where the sentence does not mention it", () => {
    const parts = cutSentence("Half of the voice was lost", ANCHOR);
    expect(markName(parts, "Ann")).toBeNull();
    expect(markName(parts, "")).toBeNull();
  });
});
