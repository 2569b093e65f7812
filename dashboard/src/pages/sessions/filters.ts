/** The filters of the sessions list: the page's address holds them, the server is asked with them. */

import { SESSION_LIST_PARAMETERS } from "../../api/constants";
import { withQuery } from "../../api/request";
import { capitalise, formatDimension, formatHour, formatValue } from "../../format/labels";
import { zone } from "../../format/zone";
import { formatPlural } from "../../format/numbers";
import { formatTime, formatDate } from "../../format/time";

/** Filters that are shown as chips that can be removed. */
const CHIPS = [
  "meeting_id",
  "person",
  "participants",
  "hour",
  "bad",
  "measured",
  "issue",
  "browser",
  "browser_version",
  "os",
  "provider",
  "country",
  "region",
  "network",
  "relay",
  "client_version",
  "app_version",
] as const;

/** Conditions that one and the same participant must meet. */
const OF_ONE_CALL: readonly string[] = CHIPS.filter(
  (name) => !["meeting_id", "participants", "hour"].includes(name),
);

/** Those by which the calls of the overview can be filtered too. */
export const CALL_FILTERS: readonly string[] = CHIPS.filter((name) => name !== "bad" && name !== "measured");

export const ROWS_A_PAGE = [50, 100, 200] as const;

export interface Chip {
  name: string;
  text: string;
  /** The parameters that go with it. */
  removes: string[];
}

/** The request path of the list for a page address. */
export function sessionListPath(appId: string, query: URLSearchParams, format?: "csv"): string {
  const asked: Record<string, string | null> = {};
  for (const name of SESSION_LIST_PARAMETERS) asked[name] = query.get(name);
  // Only hours need a zone, and the page may know zones that the server does not.
  asked.tz = query.get("hour") ? zone.value : null;
  // A cursor is the quicker way to the page whose number stands beside it.
  if (asked.cursor) asked.page = null;
  if (format) Object.assign(asked, { format, page: null, cursor: null });
  return withQuery(`/v1/apps/${encodeURIComponent(appId)}/calls`, asked);
}

/** The address of the sessions page with these filters. */
export function sessionsAddress(filter: Record<string, string>): string {
  return withQuery("/sessions", filter);
}

/** The address of exactly those calls that a number of the overview counts: sessions that go on are not counted. */
export function callsAddress(filter: Record<string, string>, which: "bad" | "measured"): string {
  return sessionsAddress({ ...filter, status: "ENDED", [which]: "true" });
}

/** A change of filters goes to the first page. */
export function fromTheStart(changes: Record<string, string | null>): Record<string, string | null> {
  return { ...changes, cursor: null, page: null };
}

/** The parameters of a range in which sessions began. */
export function timeParameters(from: number | null, to: number | null): Record<"from" | "to", string | null> {
  return {
    from: from === null ? null : new Date(from).toISOString(),
    to: to === null ? null : new Date(to).toISOString(),
  };
}

export function isFiltered(query: URLSearchParams): boolean {
  return ["search", "status", "from", "to", "level", ...CHIPS].some((name) => query.get(name));
}

/** What the list is searched for, as a chip: a narrow screen shows no field. */
export function searchChip(query: URLSearchParams): Chip[] {
  const search = query.get("search");
  return search ? [{ name: "search", text: `Search: ${search}`, removes: ["search"] }] : [];
}

/** Every filter of the list in words, also those with a control of their own. */
export function activeFilters(query: URLSearchParams, now: number): Chip[] {
  const status = query.get("status");
  const level = query.get("level");
  const time = formatTimeRange(query, now);
  return [
    ...searchChip(query),
    ...(status ? [{ name: "status", text: status === "LIVE" ? "Live" : "Ended", removes: ["status"] }] : []),
    ...(level ? [{ name: "level", text: `${capitalise(level)} sessions`, removes: ["level"] }] : []),
    ...(time ? [{ name: "from", text: time, removes: ["from", "to"] }] : []),
    ...chipsOf(query),
  ];
}

/** The filters that have no control of their own in the bar. `names` knows people and meetings. */
export function chipsOf(query: URLSearchParams): Chip[] {
  const chips: Chip[] = [];
  for (const name of CHIPS) {
    const value = query.get(name);
    if (!value) continue;
    chips.push({ name, text: chipText(name, value, query), removes: [name, `${name}_name`] });
  }
  return chips;
}

function chipText(name: string, value: string, query: URLSearchParams): string {
  switch (name) {
    case "meeting_id":
      return `Meeting: ${query.get("meeting_id_name") ?? `${value.slice(0, 8)}…`}`;
    case "person":
      return `Person: ${query.get("person_name") ?? `${value.slice(0, 8)}…`}`;
    case "participants":
      return `Participants: ${formatRange(value)}`;
    case "hour":
      return `Created from ${formatHour(value)}, ${zone.value}`;
    case "bad":
      return "Bad calls";
    case "measured":
      return "Measured calls";
    default:
      return `${formatDimension(name)}: ${formatValue(name, value)}`;
  }
}

/** The filters of calls in an address, as query parameters. */
export function callFilters(query: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of CALL_FILTERS) {
    const value = query.get(name);
    if (value) found[name] = value;
  }
  return found;
}

/** How the people and meetings among the filters are called, as query parameters. */
export function filterNames(query: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ["person_name", "meeting_id_name"]) {
    const value = query.get(name);
    if (value) found[name] = value;
  }
  return found;
}

/** What was found, in words: `21 calls in 19 sessions` if calls were looked for. */
export function formatFound(list: { total: number; calls: number | null }): string {
  const sessions = formatPlural(list.total, "session");
  return list.calls === null ? sessions : `${formatPlural(list.calls, "call")} in ${sessions}`;
}

/** Why several conditions may find less than each of them: in words, if that is so. */
export function formatSamePerson(query: URLSearchParams): string | null {
  const asked = OF_ONE_CALL.filter((name) => query.get(name));
  return asked.length > 1 ? "all conditions met by one and the same person" : null;
}

/** A range `1:10` in words. */
export function formatRange(range: string): string {
  const [least, most] = range.split(":");
  if (most === undefined) return least ?? "";
  if (!least) return `up to ${most}`;
  return most ? `${least} to ${most}` : `${least} or more`;
}

/** The range in which sessions began, in words; `null` without a range. */
export function formatTimeRange(query: URLSearchParams, now: number): string | null {
  const from = query.get("from");
  const to = query.get("to");
  if (!from && !to) return null;
  if (from && to && from === to && isPlain(from)) return `${from} (UTC)`;
  const first = from ? formatRangeEnd(from, now) : null;
  const last = to ? formatRangeEnd(to, now) : null;
  if (!first) return `Until ${last}`;
  if (!last) return `Since ${first}`;
  const start = Date.parse(from ?? "");
  const end = Date.parse(to ?? "");
  const isOneDay = !isPlain(to ?? "") && formatDate(start, now) === formatDate(end, now);
  if (isOneDay && formatTime(start) === "00:00" && formatTime(end) === "23:59") {
    return formatDate(start, now);
  }
  return isOneDay ? `${first} – ${formatTime(end)}` : `${first} – ${last}`;
}

function formatRangeEnd(value: string, now: number): string {
  if (isPlain(value)) return value;
  const at = Date.parse(value);
  return Number.isNaN(at) ? value : `${formatDate(at, now)} ${formatTime(at)}`;
}

function isPlain(value: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(value);
}
