import { useCallback, useEffect, useMemo } from "preact/hooks";
import { mayWrite } from "../account";
import type { SessionListPage, SessionRow } from "../api/types";
import { Legend } from "../components/level";
import { Empty, Skeleton, Trouble } from "../components/placeholders";
import { goQuery, place } from "../route";
import { useTitle } from "../title";
import { badNow, countBad } from "../bad_now";
import { formatCount } from "../format/numbers";
import { lazy } from "../components/lazy";
import { useFirstRun } from "./first_run/use_first_run";
import { FilterBar } from "./sessions/filter_bar";
import { activeFilters, formatFound, formatSamePerson, fromTheStart, sessionListPath, timeParameters } from "./sessions/filters";
import { FoundPeople } from "./sessions/found_people";
import { useListKeys } from "./sessions/keyboard";
import { useLiveList, type LiveList } from "./sessions/live_list";
import { NowBoard } from "./sessions/now_board";
import { Pages, pageOf, turnPage } from "./sessions/page_jump";
import { SessionTableRow } from "./sessions/session_row";
import { SortHead } from "./sessions/sort_head";
import { ColumnHead } from "./sessions/column_head";
import { allSessionsAddress, COLUMNS_PARAMETER, shownColumns, type ColumnName } from "./sessions/columns";
import { parseTypedDay } from "./sessions/typed_time";
import { now } from "../clock";
import { formatDate, formatDayHead, isSameDay } from "../format/time";
import { ZoneNote } from "../components/zone_note";

// Beside the list, and for admins alone.
const Imports = lazy(() => import("./sessions/imports").then((module) => module.Imports), true);
const ImportButton = lazy(() => import("./sessions/import_button").then((module) => module.ImportButton), true);

// Only a server without a call has this page.
const FirstRun = lazy(() => import("./first_run").then((module) => module.FirstRun));

/** Orders in which sessions of one day stand together. */
const BY_START = ["", "started"];
const ROW_LINKS = "main .row-link";

/** The sessions list: live ones on top, then the others, filtered by the address. */
export function SessionsPage({ appId }: { appId: string }) {
  const { query } = place.value;
  const isFirstPage = !query.get("cursor") && pageOf(query) === 1;
  const list = useLiveList(appId, sessionListPath(appId, query), isFirstPage);
  const live = list.data?.live;
  const isOfAll = !activeFilters(query, now.peek()).length;
  useEffect(() => {
    if (live && isOfAll) badNow.value = countBad(live);
  }, [live, isOfAll]);
  const bad = countBad(live ?? []);
  useTitle(bad ? `(${formatCount(bad)} bad) Sessions` : "Sessions");
  const { data } = list;
  const turn = useCallback(
    (isForward: boolean) => {
      if (data) turnPage(data, isForward);
    },
    [data],
  );
  useListKeys(ROW_LINKS, turn);
  const isFirstRun = useFirstRun(list, isOfAll);
  if (isFirstRun) {
    return (
      <>
        <div class="import-first">
          <Imports appId={appId} onImported={list.reload} />
        </div>
        <FirstRun appId={appId} list={list} />
        {mayWrite.value && (
          <p class="import-first row">
            A dump of a past call? Drop it here, or choose it. <ImportButton appId={appId} />
          </p>
        )}
      </>
    );
  }
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
          {data && formatFound(data)}
          {formatSamePerson(query) && `, ${formatSamePerson(query)}`}
          {data && " · "}
          <ZoneNote />
          {isFirstPage && data && !list.isListening && " · not updating at the moment"}
        </p>
        <Legend />
      </div>
      {query.get("search") && !query.get("person") && (
        <FoundPeople appId={appId} search={query.get("search") ?? ""} />
      )}
      <FilterBar appId={appId} levels={data?.levels} />
      <Imports appId={appId} onImported={list.reload} />
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
  const chosen = query.get(COLUMNS_PARAMETER);
  // The same array while the choice is the same, so that rows are not rendered again.
  const columns = useMemo(() => shownColumns(new URLSearchParams(location.search)), [chosen]);
  if (!list.items.length) return list.live.length ? null : <Nothing />;
  return (
    <table class="calls">
      <caption class="unseen">Sessions</caption>
      <thead>
        <tr>
          <SortHead sort="started" first="desc" class="c-start">
            Start
          </SortHead>
          <th scope="col">Meeting</th>
          {columns.map((name) => (
            <ColumnHead key={name} name={name} />
          ))}
        </tr>
      </thead>
      {isByStart ? (
        byDay(list.items).map((calls) => (
          <Day key={calls[0]?.id} calls={calls} columns={columns} now={list.now} />
        ))
      ) : (
        <tbody>
          {list.items.map((call) => (
            <SessionTableRow key={call.id} call={call} columns={columns} isDayShown={false} />
          ))}
        </tbody>
      )}
    </table>
  );
}

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

function Day(props: { calls: SessionRow[]; columns: readonly ColumnName[]; now: number }) {
  const { calls, columns, now: at } = props;
  const [first] = calls;
  return (
    <tbody>
      {first && (
        <tr class="group">
          <th scope="rowgroup" colSpan={2 + columns.length}>
            {formatDayHead(startOf(first), at)}
          </th>
        </tr>
      )}
      {calls.map((call) => (
        <SessionTableRow key={call.id} call={call} columns={columns} isDayShown />
      ))}
    </tbody>
  );
}

function Nothing() {
  const { query } = place.value;
  const filters = activeFilters(query, now.peek());
  const day = parseTypedDay(query.get("search") ?? "", now.peek());
  if (filters.length) {
    return (
      <Empty title="No session matches">
        <p>
          The list shows only: {filters.map((filter) => filter.text).join("; ")}.
          {query.get("search") && " Words must begin like a word of the title or of a name; ids must be whole."}
        </p>
        <div class="row drops">
          {day && (
            <button
              type="button"
              class="choice"
              onClick={() =>
                goQuery(fromTheStart({ search: day.rest || null, ...timeParameters(day.from, day.to) }))
              }
            >
              {day.rest ? (
                <>
                  “<bdi>{day.rest}</bdi>” on {formatDate(day.from, now.peek())}
                </>
              ) : (
                `All of ${formatDate(day.from, now.peek())}`
              )}
            </button>
          )}
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
                <span>
                  Without “<bdi>{filter.text}</bdi>”
                </span>
              </button>
            ))}
          <a class="choice" href={allSessionsAddress(query)}>
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
