import { useCallback } from "preact/hooks";
import type { SessionListPage, SessionRow } from "../api/types";
import { Legend } from "../components/level";
import { Empty, Skeleton, Trouble } from "../components/placeholders";
import { goQuery, place } from "../route";
import { useTitle } from "../title";
import { formatCount, formatPlural } from "../format/numbers";
import { FilterBar } from "./sessions/filter_bar";
import { activeFilters, fromTheStart, sessionListPath, ROWS_A_PAGE } from "./sessions/filters";
import { useListKeys } from "./sessions/keyboard";
import { useLiveList, type LiveList } from "./sessions/live_list";
import { NowBoard } from "./sessions/now_board";
import { SessionTableRow } from "./sessions/session_row";
import { now } from "../clock";
import { formatDayHead, isSameDay } from "../format/time";
import { ZoneNote } from "../components/zone_note";

/** Orders in which sessions of one day stand together. */
const BY_START = ["", "started"];
const ROW_LINKS = "main .row-link";

/** The sessions list: live ones on top, then the others, filtered by the address. */
export function SessionsPage({ appId }: { appId: string }) {
  const { query } = place.value;
  const isFirstPage = !query.get("cursor");
  const list = useLiveList(appId, sessionListPath(appId, query), isFirstPage);
  const bad = (list.data?.live ?? []).filter((call) => call.quality?.level === 1).length;
  useTitle(bad ? `(${formatCount(bad)} bad) Sessions` : "Sessions");
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
      {data && data.live.length > 0 && (
        <div class={isCut(list) ? "cut" : undefined}>
          <NowBoard calls={data.live} />
        </div>
      )}
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

/** Whether what is shown as live may have changed. */
function isCut(list: LiveList): boolean {
  return list.error !== undefined || !list.isListening;
}

function listClass(list: LiveList): string {
  const isByOther = !BY_START.includes(place.peek().query.get("sort") ?? "");
  return ["list", list.isCurrent ? "" : "stale", isCut(list) ? "cut" : "", isByOther ? "by-other" : ""].filter(Boolean).join(" ");
}

function Table({ list }: { list: SessionListPage }) {
  const { query } = place.value;
  const isByStart = BY_START.includes(query.get("sort") ?? "");
  if (!list.items.length) return list.live.length ? null : <Nothing />;
  return (
    <table class="calls">
      <caption class="unseen">Sessions</caption>
      <thead>
        <tr>
          <th scope="col">Start</th>
          <th scope="col">Meeting</th>
          <th scope="col" class="number">
            People
          </th>
          <th scope="col">Length</th>
          <th scope="col" class="number c-minutes" title={PERSON_MINUTES}>
            Person-min
          </th>
          <th scope="col">Verdict</th>
          <th scope="col" title="Height: the share of the people who were below good at that moment">
            Over its time
          </th>
          <th scope="col">What happened, and to whom</th>
        </tr>
      </thead>
      {isByStart ? (
        byDay(list.items).map((calls) => <Day key={calls[0]?.id} calls={calls} now={list.now} />)
      ) : (
        <tbody>
          {list.items.map((call) => (
            <SessionTableRow key={call.id} call={call} isDayShown={false} />
          ))}
        </tbody>
      )}
    </table>
  );
}

const PERSON_MINUTES = "Person-minutes: how long each person was there, added up";

function startOf(call: SessionRow): number {
  return call.started_at ?? call.created_at;
}

/** Runs of sessions that began on the same day, in the order of the list. */
function byDay(calls: readonly SessionRow[]): SessionRow[][] {
  const days: SessionRow[][] = [];
  for (const call of calls) {
    const last = days.at(-1);
    if (last?.[0] && isSameDay(startOf(last[0]), startOf(call))) last.push(call);
    else days.push([call]);
  }
  return days;
}

function Day({ calls, now: at }: { calls: SessionRow[]; now: number }) {
  const [first] = calls;
  return (
    <tbody>
      {first && (
        <tr class="group">
          <th scope="rowgroup" colSpan={8}>
            {formatDayHead(startOf(first), at)}
          </th>
        </tr>
      )}
      {calls.map((call) => (
        <SessionTableRow key={call.id} call={call} isDayShown />
      ))}
    </tbody>
  );
}

function Nothing() {
  const { query } = place.value;
  const filters = activeFilters(query, now.peek());
  if (filters.length) {
    return (
      <Empty title="No session matches">
        <p>
          The list shows only: {filters.map((filter) => filter.text).join("; ")}.
          {query.get("search") && " Words must begin like a word of the title or of a name; ids must be whole."}
        </p>
        <div class="row drops">
          {filters.length > 1 &&
            filters.map((filter) => (
              <button
                key={filter.name}
                type="button"
                class="choice"
                onClick={() =>
                  goQuery(fromTheStart(Object.fromEntries(filter.removes.map((name) => [name, null]))))
                }
              >
                Without “<bdi>{filter.text}</bdi>”
              </button>
            ))}
          <a class="choice" href="/sessions">
            Show all sessions
          </a>
        </div>
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
      <span class="faint">{PERSON_MINUTES}</span>
      <span class="faint keys">
        <kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> opens · <kbd>?</kbd> all keys
      </span>
    </nav>
  );
}
