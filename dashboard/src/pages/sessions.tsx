import { useCallback } from "preact/hooks";
import type { SessionListPage, SessionRow } from "../api/types";
import { Legend } from "../components/level";
import { Empty, Skeleton, Trouble } from "../components/placeholders";
import { goQuery, place } from "../route";
import { useTitle } from "../title";
import { formatCount, formatPlural } from "../format/numbers";
import { FilterBar } from "./sessions/filter_bar";
import { sessionListPath, isFiltered, ROWS_A_PAGE } from "./sessions/filters";
import { useListKeys } from "./sessions/keyboard";
import { useLiveList, type LiveList } from "./sessions/live_list";
import { SessionTableRow } from "./sessions/session_row";
import { ZoneNote } from "../components/zone_note";

const ROW_LINKS = "main .row-link";

/** The sessions list: live ones on top, then the others, filtered by the address. */
export function SessionsPage({ appId }: { appId: string }) {
  const { query } = place.value;
  const isFirstPage = !query.get("cursor");
  const list = useLiveList(appId, sessionListPath(appId, query), isFirstPage);
  useTitle("Sessions");
  const { data } = list;
  const turn = useCallback(
    (isForward: boolean) => {
      if (data) turnPage(data, isForward);
    },
    [data],
  );
  useListKeys(ROW_LINKS, turn);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Sessions</h1>
        <p class="faint" role="status">
          {data && formatPlural(data.total, "session")}
          {data && " · "}
          <ZoneNote />
          {isFirstPage && data && !list.isListening && " · not updating at the moment"}
        </p>
        <Legend />
      </div>
      <FilterBar appId={appId} />
      <Trouble resource={list} />
      {data ? (
        <div class={listClass(list)} aria-busy={!list.isCurrent}>
          <Table list={data} />
          {data.total > 0 && <Pages list={data} />}
        </div>
      ) : (
        !list.error && <Skeleton lines={14} isTall onStop={list.stop} />
      )}
    </div>
  );
}

function listClass(list: LiveList): string {
  const isCut = list.error !== undefined || !list.isListening;
  return ["list", list.isCurrent ? "" : "stale", isCut ? "cut" : ""].filter(Boolean).join(" ");
}

function Table({ list }: { list: SessionListPage }) {
  if (!list.live.length && !list.items.length) return <Nothing />;
  return (
    <table class="calls">
      <caption class="unseen">Sessions</caption>
      <thead>
        <tr>
          <th scope="col">Meeting</th>
          <th scope="col">Start</th>
          <th scope="col">Participants</th>
          <th scope="col" class="number">
            Minutes
          </th>
          <th scope="col">Quality</th>
          <th scope="col">Worst issue</th>
        </tr>
      </thead>
      {list.live.length > 0 && <Group name={`Live now · ${list.live.length}`} calls={list.live} />}
      {list.items.length > 0 && (
        <Group name={list.live.length ? "Ended" : null} calls={list.items} />
      )}
    </table>
  );
}

function Group({ name, calls }: { name: string | null; calls: SessionRow[] }) {
  return (
    <tbody>
      {name && (
        <tr class="group">
          <th scope="rowgroup" colSpan={6}>
            {name}
          </th>
        </tr>
      )}
      {calls.map((call) => (
        <SessionTableRow key={call.id} call={call} />
      ))}
    </tbody>
  );
}

function Nothing() {
  if (isFiltered(place.value.query)) {
    return (
      <Empty title="No session matches">
        Words must begin like a word of the title or of a name. <a href="/sessions">Clear the filters</a>
      </Empty>
    );
  }
  return (
    <Empty title="No session yet">
      Sessions appear here by themselves as soon as somebody joins a call. <a href="/try">Try a call</a>,
      or read <a href="/docs">how to send yours</a>.
    </Empty>
  );
}

function turnPage(list: SessionListPage, isForward: boolean): void {
  const cursor = isForward ? list.next_cursor : list.previous_cursor;
  if (!cursor && isForward) return;
  const page = Number(place.value.query.get("page") ?? "1") + (isForward ? 1 : -1);
  if (page < 1) return;
  goQuery({ cursor: page > 1 ? cursor : null, page: page > 1 ? String(page) : null });
  scrollTo(0, 0);
}

function Pages({ list }: { list: SessionListPage }) {
  const { query } = place.value;
  const limit = Number(query.get("limit") ?? ROWS_A_PAGE[0]);
  const page = Number(query.get("page") ?? "1");
  const pages = Math.max(page, Math.ceil(Math.max(0, list.total - list.live.length) / limit));
  return (
    <nav class="pages" aria-label="Pages of the list">
      <button type="button" class="choice" disabled={page <= 1} onClick={() => turnPage(list, false)}>
        Previous
      </button>
      <span>
        Page {formatCount(page)} of {formatCount(Math.max(1, pages))}
      </span>
      <button
        type="button"
        class="choice"
        disabled={!list.next_cursor}
        onClick={() => turnPage(list, true)}
      >
        Next
      </button>
      <label class="faint">
        Rows
        <select
          value={String(limit)}
          onChange={(event) =>
            goQuery({ limit: event.currentTarget.value, cursor: null, page: null })
          }
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
