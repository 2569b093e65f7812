/** A session's verdict for a ticket: plain text, or Markdown. Times name their zone. */

import type { CauseRow, SessionPage, TextPart, VerdictWords } from "../../api/types";
import { formatName, formatTitle } from "../../format/labels";
import { formatFullVerdict } from "../../format/quality";
import { cutSentence } from "../../format/sentences";
import { formatDate, formatDuration, formatTimeWithSeconds } from "../../format/time";
import { formatZone } from "../../format/zone";

/** The people that a ticket names. */
const MOST_NAMED = 12;
const MOST_CAUSES = 6;

export interface Ticket {
  page: SessionPage;
  verdict: VerdictWords;
  causes: readonly CauseRow[];
  link: string;
  /** The moment that the page shows, if any. */
  at: number | null;
}

export function writePlain(ticket: Ticket): string {
  const { page, verdict } = ticket;
  const lines = [
    `${formatTitle(page.call)}, ${when(page)}`,
    "",
    ...[sentence(verdict, page), text(verdict.more, page.from_at), advice(verdict)].filter(Boolean),
    "",
    ...causeLines(ticket).map((line) => `- ${line}`),
    "",
    `People: ${people(page)}`,
    ...(ticket.at === null ? [] : [`Moment: ${clock(ticket.at)}`]),
    ticket.link,
  ];
  return tidy(lines);
}

export function writeMarkdown(ticket: Ticket): string {
  const { page, verdict } = ticket;
  const lines = [
    `**${escapeMarks(formatTitle(page.call))}**, ${when(page)}`,
    "",
    ...[sentence(verdict, page), text(verdict.more, page.from_at), advice(verdict)].filter(Boolean).map(escapeMarks),
    "",
    ...causeLines(ticket).map((line) => `- ${escapeMarks(line)}`),
    "",
    `People: ${escapeMarks(people(page))}`,
    "",
    `[${ticket.at === null ? "Open the session" : `Open the session at ${clock(ticket.at)}`}](${ticket.link})`,
  ];
  return tidy(lines);
}

function tidy(lines: string[]): string {
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function sentence(verdict: VerdictWords, page: SessionPage): string {
  const said = text([...verdict.who, ...verdict.what], page.from_at);
  const reach = text(verdict.reach, page.from_at);
  return [`${formatFullVerdict(page.call.quality)}.`, said, reach].filter((part) => part !== "").join(" ");
}

function advice(verdict: VerdictWords): string {
  const clause = text(verdict.advice, null);
  return clause && `What to do: ${clause}`;
}

function causeLines({ causes }: Ticket): string[] {
  const shown = causes.filter((cause) => !cause.is_note).slice(0, MOST_CAUSES);
  const more = causes.length - shown.length;
  const lines = shown.flatMap((cause) => cause.happened.map((each) => text(each, cause.spans[0]?.[0] ?? null)));
  return more > 0 ? [...lines, `${more} more`] : lines;
}

/** `Ada (bad), Ben (good)`, the worst first. */
function people(page: SessionPage): string {
  const lanes = page.lanes.filter((lane) => !lane.is_hidden).sort((one, other) => (one.level || 5) - (other.level || 5));
  const words = ["not judged", "bad", "poor", "fair", "good"] as const;
  const named = lanes.slice(0, MOST_NAMED).map((lane) => `${formatName(lane.name)} (${words[lane.level]})`);
  const others = lanes.length - named.length;
  return [...named, ...(others > 0 ? [`${others} more`] : [])].join(", ");
}

function when({ call, now }: SessionPage): string {
  const start = call.started_at;
  const end = call.ended_at;
  const until = end === null ? "still live" : `${formatTimeWithSeconds(end)} ${formatZone(end)}`;
  return `${formatDate(start, 0)} ${formatTimeWithSeconds(start)}–${until}, ${formatDuration((end ?? now) - start)}`;
}

function clock(at: number): string {
  return `${formatTimeWithSeconds(at)} ${formatZone(at)}`;
}

/** A text with its times in the chosen zone. */
function text(parts: readonly TextPart[], anchor: number | null): string {
  return parts
    .map((part) => {
      if (part.participant_id) return formatName(part.text);
      return cutSentence(part.text, anchor)
        .map((each) => ("at" in each ? clock(each.at) : each.text))
        .join("");
    })
    .join("");
}

/** Texts of people must not become marks. */
function escapeMarks(words: string): string {
  return words.replace(/[\\`*_{}[\]<>#|~]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}
