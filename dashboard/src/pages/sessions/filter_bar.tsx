import { Icon } from "../../components/icon";
import { goQuery, place } from "../../route";
import { sessionListPath, chipsOf, searchChip, fromTheStart, isFiltered } from "./filters";
import { MoreFilters } from "./more_filters";
import { WhenFilter } from "./time_filter";

const STATES = [
  { value: "", text: "All" },
  { value: "LIVE", text: "Live" },
  { value: "ENDED", text: "Ended" },
];
const ORDERS = [
  { sort: "", order: "", text: "Newest first" },
  { sort: "started", order: "asc", text: "Oldest first" },
  { sort: "quality", order: "asc", text: "Worst quality first" },
  { sort: "minutes", order: "desc", text: "Most minutes first" },
];

/** The filters above the list; the search is in the top bar. */
export function FilterBar({ appId }: { appId: string }) {
  const { query } = place.value;
  const chips = [...searchChip(query), ...chipsOf(query)];
  return (
    <div class="filters">
      <div class="row">
        <div class="segments" role="group" aria-label="Status">
          {STATES.map(({ value, text }) => (
            <button
              key={value}
              type="button"
              aria-pressed={(query.get("status") ?? "") === value}
              onClick={() => goQuery(fromTheStart({ status: value }))}
            >
              {text}
            </button>
          ))}
        </div>
        <button
          type="button"
          class={query.get("bad") ? "choice active" : "choice"}
          aria-pressed={query.get("bad") === "true"}
          onClick={() => goQuery(fromTheStart({ bad: query.get("bad") ? null : "true" }))}
        >
          Bad only
        </button>
        <WhenFilter />
        <MoreFilters appId={appId} />
        <Order />
        <a class="choice export" href={sessionListPath(appId, query, "csv")} download>
          <Icon name="download" />
          CSV
        </a>
      </div>
      {(chips.length > 0 || isFiltered(query)) && (
        <div class="row chips">
          {chips.map((chip) => (
            <button
              key={chip.name}
              type="button"
              class="chip"
              aria-label={`Remove the filter ${chip.text}`}
              onClick={() =>
                goQuery(fromTheStart(Object.fromEntries(chip.removes.map((name) => [name, null]))))
              }
            >
              <bdi>{chip.text}</bdi>
              <Icon name="cross" />
            </button>
          ))}
          <a class="clear" href="/sessions">
            Clear all filters
          </a>
        </div>
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
