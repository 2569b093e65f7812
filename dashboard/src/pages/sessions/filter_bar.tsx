import { useEffect, useRef, useState } from "preact/hooks";
import { goQuery, place } from "../../route";
import { sessionListPath, chipsOf, fromTheStart, isFiltered } from "./filters";
import { MoreFilters } from "./more_filters";
import { WhenFilter } from "./time_filter";

const TYPING_PAUSE_MS = 140;
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

/** Search and filters above the list. */
export function FilterBar({ appId }: { appId: string }) {
  const { query } = place.value;
  const chips = chipsOf(query);
  return (
    <div class="filters">
      <div class="row" role="search">
        <Search />
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
              {chip.text}
              <span aria-hidden="true"> ×</span>
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

function Order() {
  const { query } = place.value;
  const here = ORDERS.find(
    ({ sort, order }) =>
      sort === (query.get("sort") ?? "") && (order === (query.get("order") ?? "") || !sort),
  );
  return (
    <select
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

function Search() {
  const inAddress = place.value.query.get("search") ?? "";
  const [text, setText] = useState(inAddress);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);

  useEffect(() => {
    // The field follows the address, except while the viewer is typing.
    if (document.activeElement !== field.current) setText(inAddress);
  }, [inAddress]);
  useEffect(() => () => clearTimeout(timer.current), []);

  return (
    <input
      id="search"
      ref={field}
      type="search"
      class="search"
      placeholder="Meeting, participant or id   /"
      aria-label="Search by meeting, participant or id"
      aria-keyshortcuts="/"
      spellcheck={false}
      autocomplete="off"
      value={text}
      onInput={(event) => {
        const typed = event.currentTarget.value;
        setText(typed);
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => {
          goQuery(fromTheStart({ search: typed.trim() || null }), true);
        }, TYPING_PAUSE_MS);
      }}
    />
  );
}
