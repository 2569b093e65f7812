import type { EntryBody } from "./protocol";

/** A waiting entry, already serialised: its size is known and nothing can change it. */
export interface Waiting {
  readonly text: string;
  readonly isSample: boolean;
}

/** A lone surrogate becomes U+FFFD: not every JSON parser accepts it. */
// biome-ignore lint/suspicious/noExplicitAny: a value of any type, of which strings alone have the method.
const wellFormed = (_: string, value: any) => value?.toWellFormed?.() ?? value;

export interface Outbox {
  /** Oldest first. */
  waiting: readonly Waiting[];
  /** Numbers the entry, keeps it, and makes room by dropping if there is none. */
  add(entry: EntryBody, at: number): void;
  /** Removes entries that have arrived, or never can. */
  remove(entries: readonly Waiting[]): void;
  /** How many entries were dropped since the beginning. */
  dropped: number;
}

/** As many of the first entries as have `maxChars` together; one at least. */
export function firstThatFit(entries: readonly Waiting[], maxChars: number): Waiting[] {
  let chars = 0;
  return entries.filter(({ text }, index) => (chars += text.length) <= maxChars || !index);
}

/**
 * The queue of waiting entries, at most `maxEntries` entries and `maxChars` characters of JSON.
 *
 * A full queue drops the oldest sample first: counters are cumulative, so a later sample contains
 * most of a dropped one, while a dropped join or message is lost.
 */
export function makeOutbox(maxEntries: number, maxChars: number): Outbox {
  let waiting: Waiting[] = [];
  let sequence = 0;

  const isFull = () =>
    waiting.length > maxEntries || firstThatFit(waiting, maxChars).length < waiting.length;

  const outbox: Outbox = {
    dropped: 0,
    get waiting() {
      return waiting;
    },
    add(entry, at) {
      const text = JSON.stringify({ seq: sequence++, at, ...entry }, wellFormed);
      waiting.push({ text, isSample: entry.type === "sample" });
      while (isFull()) {
        waiting.splice(Math.max(0, waiting.findIndex((entry) => entry.isSample)), 1);
        outbox.dropped++;
      }
    },
    remove(entries) {
      waiting = waiting.filter((entry) => !entries.includes(entry));
    },
  };
  return outbox;
}
