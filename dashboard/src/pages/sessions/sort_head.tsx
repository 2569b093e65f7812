import type { ComponentChildren } from "preact";
import { goQuery, place } from "../../route";
import { fromTheStart } from "./filters";

interface Props {
  /** The value of `sort` that the column is ordered by. */
  sort: string;
  /** Which order a first click asks for. */
  first: "asc" | "desc";
  class?: string;
  title?: string;
  children: ComponentChildren;
}

/** The head of a column that the list can be ordered by; a second click turns the order round. */
export function SortHead({ sort, first, class: name, title, children }: Props) {
  const { query } = place.value;
  const isHere = (query.get("sort") || "started") === sort;
  const order = isHere ? (query.get("order") === "asc" ? "asc" : "desc") : null;
  const next = order === null ? first : order === "asc" ? "desc" : "asc";
  const isAsBefore = sort === "started" && next === "desc";
  return (
    <th
      scope="col"
      class={name}
      title={title}
      aria-sort={order === null ? "none" : order === "asc" ? "ascending" : "descending"}
    >
      <button
        type="button"
        class="sort"
        onClick={() =>
          goQuery(fromTheStart({ sort: isAsBefore ? null : sort, order: isAsBefore ? null : next }))
        }
      >
        {children}
        <span class="arrow" aria-hidden="true">
          {order === "asc" ? "↑" : order === "desc" ? "↓" : ""}
        </span>
      </button>
    </th>
  );
}
