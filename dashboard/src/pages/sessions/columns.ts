/** The columns of the sessions list that may be left out or added: the page's address holds the choice. */

import { withQuery } from "../../api/request";

/** The start and the meeting are always there. */
export const COLUMNS = [
  { name: "people", text: "People", isUsual: true },
  { name: "length", text: "Length", isUsual: true },
  { name: "minutes", text: "Person-minutes", isUsual: true },
  { name: "verdict", text: "Verdict", isUsual: true },
  { name: "strip", text: "Over its time", isUsual: true },
  { name: "issue", text: "What happened, and to whom", isUsual: true },
  { name: "ended", text: "End", isUsual: false },
  { name: "browsers", text: "Browsers", isUsual: false },
  { name: "os", text: "Systems", isUsual: false },
  { name: "countries", text: "Countries", isUsual: false },
  { name: "networks", text: "Networks", isUsual: false },
  { name: "relays", text: "Paths", isUsual: false },
] as const;

export type ColumnName = (typeof COLUMNS)[number]["name"];

export const COLUMNS_PARAMETER = "columns";

/** What the address says if all of them are left out. */
const NONE = "none";
const USUAL: readonly ColumnName[] = COLUMNS.filter((column) => column.isUsual).map(({ name }) => name);

export function columnText(name: ColumnName): string {
  return COLUMNS.find((column) => column.name === name)?.text ?? name;
}

/** The list without filters, in the same columns. */
export function allSessionsAddress(query: URLSearchParams): string {
  return withQuery("/sessions", { [COLUMNS_PARAMETER]: query.get(COLUMNS_PARAMETER) });
}

/** The columns that an address names, in their order; the usual ones if it names none. */
export function shownColumns(query: URLSearchParams): readonly ColumnName[] {
  const text = query.get(COLUMNS_PARAMETER);
  if (!text) return USUAL;
  const named = text.split(",");
  return COLUMNS.map(({ name }) => name).filter((name) => named.includes(name));
}

/** What the address says of a choice; `null` of the usual one. */
export function columnsValue(shown: readonly ColumnName[]): string | null {
  const isUsual = shown.length === USUAL.length && USUAL.every((name) => shown.includes(name));
  if (isUsual) return null;
  return shown.length ? COLUMNS.map(({ name }) => name).filter((name) => shown.includes(name)).join() : NONE;
}
