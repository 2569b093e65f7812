import type { EntryBody } from "./protocol";

/** An entry as it waits: already text, so that its size is known and nothing can change it. */
export interface Waiting {
  readonly text: string;
  readonly isSample: boolean;
}

export interface Outbox {
  /** Numbers the entry, keeps it, and makes room by dropping if there is none. */
  add(entry: EntryBody, at: number): void;
  /** The oldest entries that fit both limits; one is always given if there is any. */
  peek(maxEntries: number, maxChars: number): Waiting[];
  /** Forgets entries that were given by `peek` and have arrived, or can never. */
  remove(entries: readonly Waiting[]): void;
  readonly size: number;
  /** How many entries were dropped since the beginning. */
  dropped: number;
}

/**
 * What waits to be sent, at most `maxEntries` entries and `maxChars` characters of JSON.
 *
 * When it is full the oldest sample goes first: counters are cumulative, so a later sample
 * tells most of what a lost one did, while a lost join or message is lost for good.
 */
export function makeOutbox(maxEntries: number, maxChars: number): Outbox {
  let waiting: Waiting[] = [];
  let chars = 0;
  let sequence = 0;

  const outbox: Outbox = {
    dropped: 0,
    get size() {
      return waiting.length;
    },
    add(entry, at) {
      const text = JSON.stringify({ seq: sequence++, at, ...entry });
      waiting.push({ text, isSample: entry.type === "sample" });
      chars += text.length;
      while (waiting.length > maxEntries || (chars > maxChars && waiting.length > 1)) {
        const oldestSample = waiting.findIndex((entry) => entry.isSample);
        const [gone] = waiting.splice(Math.max(oldestSample, 0), 1);
        chars -= gone?.text.length ?? 0;
        outbox.dropped++;
      }
    },
    peek(maxCount, maxLength) {
      let length = 0;
      let count = 0;
      for (const entry of waiting) {
        length += entry.text.length;
        if (count && (count >= maxCount || length > maxLength)) break;
        count++;
      }
      return waiting.slice(0, count);
    },
    remove(entries) {
      waiting = waiting.filter((entry) => !entries.includes(entry));
      chars = waiting.reduce((sum, entry) => sum + entry.text.length, 0);
    },
  };
  return outbox;
}
