/** Names for members of the server's answers (types.ts) that have none there. */

import type { ParticipantTimeline, SessionQuality, TimelineIssue } from "./types";

/** A value that may not be known. */
export type Maybe = number | null;

export type Severity = TimelineIssue["severity"];

/** The numbers of bad, poor, fair and good. */
export type Shares = SessionQuality["letters"];

/** Start and end; an end of `null` means that it lasts. */
export type Span = ParticipantTimeline["muted"][number];

/** One page of a list that continues at the cursor. */
export interface Paged<Item> {
  items: Item[];
  total: number | null;
  next_cursor: string | null;
}
