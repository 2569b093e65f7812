import { mayWrite } from "../../account";
import type { SessionLevels } from "../../api/types";
import { formatCount } from "../../format/numbers";
import { lazy } from "../../components/lazy";
import { Icon } from "../../components/icon";
import { goQuery, place } from "../../route";
import { ColumnChoice } from "./column_choice";
import { allSessionsAddress } from "./columns";
import { FilterChips } from "./filter_chips";
import { sessionListPath, chipsOf, searchChip, fromTheStart, isFiltered } from "./filters";
import { MoreFilters } from "./more_filters";
import { WhenFilter } from "./time_filter";

const ImportButton = lazy(() => import("./import_button").then((module) => module.ImportButton), true);

const STATES = [
  { value: "", text: "Live and ended" },
  { value: "LIVE", text: "Live" },
  { value: "ENDED", text: "Ended" },
];
const ORDERS = [
  { sort: "", order: "", text: "Newest first" },
  { sort: "started", order: "asc", text: "Oldest first" },
  { sort: "quality", order: "asc", text: "Worst quality first" },
  { sort: "minutes", order: "desc", text: "Most minutes first" },
];

const LEVELS = [
  { value: "", text: "All", count: "every" },
  { value: "bad", text: "Bad", count: "bad" },
  { value: "poor", text: "Poor", count: "poor" },
  { value: "fair", text: "Fair", count: "fair" },
] as const;

interface Props {
  appId: string;
  /** The numbers of sessions by their level, where they are known. */
  levels: SessionLevels | null | undefined;
}

/** The filters above the list; the search is in the top bar. */
export function FilterBar({ appId, levels }: Props) {
  const { query } = place.value;
  const chips = [...searchChip(query), ...chipsOf(query)];
  return (
    <div class="filters">
      <div class="row">
        <div class="segments" role="group" aria-label="Verdict">
          {LEVELS.map(({ value, text, count }) => (
            <button
              key={value}
              type="button"
              aria-pressed={(query.get("level") ?? "") === value}
              onClick={() => goQuery(fromTheStart({ level: value || null }))}
            >
              {text}
              {levels && <span class="count">{formatCount(levels[count])}</span>}
            </button>
          ))}
        </div>
        <WhenFilter />
        <select
          aria-label="Status"
          value={query.get("status") ?? ""}
          onChange={(event) => goQuery(fromTheStart({ status: event.currentTarget.value || null }))}
        >
          {STATES.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
        <MoreFilters appId={appId} />
        <Order />
        <ColumnChoice />
        <a class="choice export" href={sessionListPath(appId, query, "csv")} download>
          <Icon name="download" />
          CSV
        </a>
        {mayWrite.value && <ImportButton appId={appId} />}
      </div>
      {(chips.length > 0 || isFiltered(query)) && (
        <FilterChips chips={chips} clearAddress={allSessionsAddress(query)} />
      )}
    </div>
  );
}

/** Where the heads of the columns, which order the list too, are not shown. */
function Order() {
  const { query } = place.value;
  const here = ORDERS.find(
    ({ sort, order }) =>
      sort === (query.get("sort") ?? "") && (order === (query.get("order") ?? "") || !sort),
  );
  return (
    <select
      class="order-choice"
      aria-label="Order"
      value={String(here ? ORDERS.indexOf(here) : 0)}
      onChange={(event) => {
        const { sort, order } = ORDERS[Number(event.currentTarget.value)] ?? { sort: "", order: "" };
        goQuery(fromTheStart({ sort, order }));
      }}
    >
      {ORDERS.map(({ text }, index) => (
        <option key={text} value={String(index)}>
          {text}
        </option>
      ))}
    </select>
  );
}
