/** Whom a list of sessions was searched for. */

import type { ParticipantBrief } from "../../api/types";

/** Without case and accents, as the server compares words. */
function fold(text: string): string {
  return text
    .replace(/[’‘‛ʼʻ`´′＇]/gu, "'")
    .normalize("NFKD")
    .replace(/[\p{M}\u00AD]/gu, "")
    .toLowerCase();
}

/** The words of a text; one with apostrophes or hyphens also without them. */
function wordsOf(text: string): string[] {
  const folded = fold(text);
  const joined = folded.match(/[\p{L}\p{N}]+(?:['\p{Pd}][\p{L}\p{N}]+)+/gu) ?? [];
  return [...(folded.match(/[\p{L}\p{N}]+/gu) ?? []), ...joined.map((word) => word.replace(/['\p{Pd}]/gu, ""))];
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

/**
 * The one person for whom the list is searched: the chosen one, or whose name has more of the words than
 * anybody else's.
 */
export function onlySought(participants: readonly ParticipantBrief[], query: URLSearchParams): ParticipantBrief | null {
  const found = soughtOf(participants, query);
  const sought = wordsOf(query.get("search") ?? "");
  const score = (one: ParticipantBrief): number => {
    const words = wordsOf(one.name ?? "");
    return sought.filter((start) => words.some((word) => word.startsWith(start))).length;
  };
  const best = Math.max(...found.map(score));
  const alike = found.filter((one) => score(one) === best);
  return alike.length === 1 ? (alike[0] ?? null) : null;
}

/** The address of a session, seen as the one person for whom the list is searched. */
export function sessionAddress(id: string, participants: readonly ParticipantBrief[], query: URLSearchParams): string {
  const only = onlySought(participants, query);
  return only ? `/sessions/${id}?person=${encodeURIComponent(only.person)}` : `/sessions/${id}`;
}
