/** The server's sentences name moments as UTC times of day: here they are told in the viewer's zone. */

import { DAY_MS } from "./moments";

export type Part = { text: string } | { at: number };

/** How much before its anchor a sentence may speak of. */
const SLACK_MS = 3_600_000;

/**
 * Cuts a sentence into text and moments. `anchor` is a moment near the first one it names: a time
 * of day is the first such at or after it, give or take an hour.
 */
export function cutSentence(sentence: string, anchor: number | null): Part[] {
  if (anchor === null || !/\d\d:\d\d(:\d\d)? UTC/.test(sentence)) return [{ text: sentence }];
  const parts: Part[] = [];
  let read = 0;
  for (const found of sentence.matchAll(/\b(\d\d):(\d\d)(?::(\d\d))?( UTC)?/g)) {
    if (found.index > read) parts.push({ text: sentence.slice(read, found.index) });
    const [, hours, minutes, seconds = "0"] = found;
    const ofDay_ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    parts.push({ at: firstAfter(anchor - SLACK_MS, ofDay_ms) });
    read = found.index + found[0].length;
  }
  if (read < sentence.length) parts.push({ text: sentence.slice(read) });
  return parts;
}

function firstAfter(moment: number, ofDay_ms: number): number {
  const at = Math.floor(moment / DAY_MS) * DAY_MS + ofDay_ms;
  return at >= moment ? at : at + DAY_MS;
}
