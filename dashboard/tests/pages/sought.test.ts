import { describe, expect, it } from "vitest";
import type { ParticipantBrief } from "../../src/api/types";
import { sessionAddress, soughtOf } from "../../src/pages/sessions/sought";

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

describe("the address of a session in a list", () => {
  const address = (query: string): string => sessionAddress("1", people, new URLSearchParams(query));

  it("names the one person for whom the list is searched", () => {
    expect(address("search=zoe")).toBe("/sessions/1?person=p0");
    expect(address("search=katya nov brien")).toBe("/sessions/1?person=p1");
    expect(address("person=p3")).toBe("/sessions/1?person=p3");
  });

  it("names nobody where nobody, or more than one, may be meant", () => {
    expect(address("")).toBe("/sessions/1");
    expect(address("search=zoe grace")).toBe("/sessions/1");
    expect(address("search=nobody")).toBe("/sessions/1");
  });
});
