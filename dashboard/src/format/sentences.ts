/** Replaces the UTC times of day in the server's sentences by times in the viewer's zone. */

import { DAY_MS } from "./time";

export type Part = { text: string } | { at: number };
export type NamedPart = Part | { name: string };

/** How far before its anchor the first time of a sentence may be. */
const SLACK_MS = 3_600_000;

/**
 * Cuts a sentence into text and times. `anchor` is a time near the first one it names: a time
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

/** Marks the first mention of a name in a sentence's parts; `null` where none mentions it. */
export function markName(parts: Part[], name: string): NamedPart[] | null {
  const found = parts.findIndex((part) => name !== "" && "text" in part && part.text.includes(name));
  const part = parts[found];
  if (part === undefined || !("text" in part)) return null;
  const start = part.text.indexOf(name);
  const around: NamedPart[] = [
    { text: part.text.slice(0, start) },
    { name },
    { text: part.text.slice(start + name.length) },
  ];
  return [...parts.slice(0, found), ...around, ...parts.slice(found + 1)];
}

function firstAfter(moment: number, ofDay_ms: number): number {
  const at = Math.floor(moment / DAY_MS) * DAY_MS + ofDay_ms;
  return at >= moment ? at : at + DAY_MS;
}
