/** Chat and transcript as one list in the order of time. */

import type { ChatLine, SpokenLine } from "../../api/types";
import type { Paged } from "../../api/members";

export type TalkLine = ChatLine | SpokenLine;

/**
 * The lines of both lists up to where both are loaded: of a list that continues, nothing later than its
 * last line is known.
 */
export function mergeTalk(chat: Loaded<ChatLine>, transcript: Loaded<SpokenLine>): TalkLine[] {
  const end = Math.min(knownUntil(chat), knownUntil(transcript));
  const lines: TalkLine[] = [...chat.items, ...transcript.items].filter((line) => line.at <= end);
  return lines.sort((one, other) => one.at - other.at);
}

/** Which list is to be continued: the one that is known for the shorter time; `null` if both are whole. */
export function nextToLoad(chat: Loaded<ChatLine>, transcript: Loaded<SpokenLine>): "chat" | "transcript" | null {
  if (chat.next_cursor === null && transcript.next_cursor === null) return null;
  return knownUntil(chat) <= knownUntil(transcript) ? "chat" : "transcript";
}

export type Loaded<Line> = Pick<Paged<Line>, "items" | "next_cursor">;

function knownUntil<Line extends { at: number }>(list: Loaded<Line>): number {
  return list.next_cursor === null ? Infinity : (list.items.at(-1)?.at ?? -Infinity);
}
