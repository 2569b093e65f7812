import { columnText, type ColumnName } from "./columns";
import { SortHead } from "./sort_head";

const PERSON_MINUTES = "Person-minutes: how long each person was there, added up";

/** The head of a column that may be left out. */
export function ColumnHead({ name }: { name: ColumnName }) {
  switch (name) {
    case "minutes":
      return (
        <SortHead sort="minutes" first="desc" class="number c-minutes" title={PERSON_MINUTES}>
          Person-min
        </SortHead>
      );
    case "verdict":
      return (
        <SortHead sort="quality" first="asc" class="c-quality" title="The worst first, or the best">
          Verdict
        </SortHead>
      );
    case "strip":
      return (
        <th scope="col" class="c-strip" title="Height: the share of the people who were below good at that moment">
          Over its time
        </th>
      );
    case "people":
      return (
        <th scope="col" class="number c-people">
          People
        </th>
      );
    default:
      return (
        <th scope="col" class={`c-${name}`}>
          {columnText(name)}
        </th>
      );
  }
}
