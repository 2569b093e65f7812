/** Whom a list of sessions was searched for. */

import type { ParticipantBrief } from "../../api/types";

/** Without case and accents, as the server compares words. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function wordsOf(text: string): string[] {
  return fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The participants whose names have a word that begins like one searched for, or who are the chosen person. */
export function soughtOf(participants: readonly ParticipantBrief[], query: URLSearchParams): ParticipantBrief[] {
  const person = query.get("person");
  const sought = wordsOf(query.get("search") ?? "");
  return participants.filter((one) => {
    if (person !== null) return one.person === person;
    const words = wordsOf(one.name ?? "");
    return sought.some((start) => words.some((word) => word.startsWith(start)));
  });
}
