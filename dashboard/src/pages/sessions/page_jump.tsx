import type { SessionListPage } from "../../api/types";
import { formatCount } from "../../format/numbers";
import { goQuery, place } from "../../route";
import { ROWS_A_PAGE } from "./filters";

/** Goes to the page before or after this one, if there is one. */
export function turnPage(list: SessionListPage, isForward: boolean): void {
  const cursor = isForward ? list.next_cursor : list.previous_cursor;
  const page = pageOf(place.value.query) + (isForward ? 1 : -1);
  if (page < 1 || (isForward && !cursor)) return;
  goQuery({ cursor: page > 1 ? cursor : null, page: page > 1 ? String(page) : null });
  scrollTo(0, 0);
}

export function pageOf(query: URLSearchParams): number {
  const page = Number(query.get("page") ?? "1");
  return Number.isInteger(page) && page > 0 ? page : 1;
}

function limitOf(query: URLSearchParams): number {
  return Number(query.get("limit") ?? ROWS_A_PAGE[0]);
}

/** Which rows are shown, the way to the pages beside them, and to any page. */
export function Pages({ list }: { list: SessionListPage }) {
  const { query } = place.value;
  const limit = limitOf(query);
  const page = pageOf(query);
  const listed = Math.max(0, list.total - list.live.length);
  const pages = Math.max(page, Math.ceil(listed / limit), 1);
  const first = (page - 1) * limit + 1;
  return (
    <nav class="pages" aria-label="Pages of the list">
      <span class="faint">
        {list.items.length > 0 &&
          `${formatCount(first)}–${formatCount(first + list.items.length - 1)} of ${formatCount(Math.max(listed, first + list.items.length - 1))}`}
      </span>
      <button type="button" class="choice" disabled={page <= 1} onClick={() => turnPage(list, false)}>
        Previous
      </button>
      <button type="button" class="choice" disabled={!list.next_cursor} onClick={() => turnPage(list, true)}>
        Next
      </button>
      {pages > 1 && <Jump page={page} pages={pages} />}
      <label class="faint">
        Rows
        <select
          value={String(limit)}
          onChange={(event) => goQuery({ limit: event.currentTarget.value, cursor: null, page: null })}
        >
          {ROWS_A_PAGE.map((rows) => (
            <option key={rows} value={String(rows)}>
              {rows}
            </option>
          ))}
        </select>
      </label>
      <span class="faint keys">
        <kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> opens · <kbd>?</kbd> all keys
      </span>
    </nav>
  );
}

function Jump({ page, pages }: { page: number; pages: number }) {
  return (
    <label class="faint">
      Page
      <input
        key={page}
        type="number"
        class="page-number"
        min={1}
        max={pages}
        defaultValue={String(page)}
        aria-label={`Page, of ${formatCount(pages)}`}
        onChange={(event) => {
          const wanted = Math.min(pages, Math.max(1, Math.round(event.currentTarget.valueAsNumber)));
          if (!Number.isFinite(wanted)) return;
          goQuery({ cursor: null, page: wanted > 1 ? String(wanted) : null });
          scrollTo(0, 0);
        }}
      />
      of {formatCount(pages)}
    </label>
  );
}
