import { describe, expect, it } from "vitest";
import type { ParticipantBrief } from "../../src/api/types";
import { soughtOf } from "../../src/pages/sessions/sought";

const people = ["Zoë Live", "Katya O’Brien", "Grace Novak", null].map(
  (name, index) => ({ id: String(index), name, person: `p${index}`, level: 4, is_bad: false }) as ParticipantBrief,
);

function found(query: string): (string | null)[] {
  return soughtOf(people, new URLSearchParams(query)).map((one) => one.name);
}

describe("whom a list was searched for", () => {
  it("is found by the beginning of a word, without case and accents", () => {
    expect(found("search=zoe")).toEqual(["Zoë Live"]);
    expect(found("search=NOV")).toEqual(["Grace Novak"]);
    expect(found("search=brien")).toEqual(["Katya O’Brien"]);
    expect(found("search=ovak")).toEqual([]);
  });

  it("is the chosen person", () => {
    expect(found("person=p3&search=zoe")).toEqual([null]);
  });

  it("is nobody without a search", () => {
    expect(found("")).toEqual([]);
    expect(found("search=...")).toEqual([]);
  });
});
