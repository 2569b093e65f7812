import { describe, expect, it } from "vitest";
import { firstThatFit, makeOutbox } from "../src/outbox";
import type { EntryBody } from "../src/protocol";

const sample: EntryBody = { type: "sample", connections: [], streams: [], page_hidden: false };
const note = (name: string): EntryBody => ({ type: "event", name, data: {} });

const names = (outbox: ReturnType<typeof makeOutbox>) =>
  outbox.waiting.map(({ text }) => JSON.parse(text)).map((entry) => entry.name ?? entry.type);

describe("the outbox", () => {
  it("numbers entries of every kind in one row", () => {
    const outbox = makeOutbox(10, 10_000);
    outbox.add({ type: "join", interval_ms: 7_000 }, 1);
    outbox.add(sample, 2);
    outbox.add({ type: "leave" }, 3);
    expect(outbox.waiting.map(({ text }) => JSON.parse(text).seq)).toEqual([0, 1, 2]);
  });

  it("drops the oldest sample first, and counts it", () => {
    const outbox = makeOutbox(3, 10_000);
    outbox.add({ type: "join", interval_ms: 7_000 }, 1);
    outbox.add(sample, 2);
    outbox.add(note("a"), 3);
    outbox.add(note("b"), 4);
    expect(names(outbox)).toEqual(["join", "a", "b"]);
    expect(outbox.dropped).toBe(1);
  });

  it("drops the oldest entry when there is no sample to drop", () => {
    const outbox = makeOutbox(2, 10_000);
    for (const name of ["a", "b", "c"]) outbox.add(note(name), 1);
    expect(names(outbox)).toEqual(["b", "c"]);
  });

  it("never holds more characters than it may", () => {
    const outbox = makeOutbox(1_000, 2_000);
    for (let index = 0; index < 200; index++) outbox.add(note(`event_${index}`), index);
    const chars = outbox.waiting.reduce((sum, { text }) => sum + text.length, 0);
    expect(chars).toBeLessThanOrEqual(2_000);
    expect(outbox.dropped + outbox.waiting.length).toBe(200);
  });

  it("keeps one entry even when it is larger than the limit", () => {
    const outbox = makeOutbox(10, 5);
    outbox.add(note("long"), 1);
    expect(names(outbox)).toEqual(["long"]);
  });

  it("leaves the gap in the numbers that a dropped entry makes", () => {
    const outbox = makeOutbox(1, 10_000);
    outbox.add(note("a"), 1);
    outbox.add(note("b"), 1);
    expect(outbox.waiting.map(({ text }) => JSON.parse(text).seq)).toEqual([1]);
  });

  it("gives as many entries as fit, at least one", () => {
    const entries = ["aaaa", "bbbb", "cccc"].map((text) => ({ text, isSample: false }));
    expect(firstThatFit(entries, 8)).toHaveLength(2);
    expect(firstThatFit(entries, 1)).toHaveLength(1);
    expect(firstThatFit([], 1)).toHaveLength(0);
  });
});
