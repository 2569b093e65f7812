import { Icon } from "../../components/icon";
import { goQuery } from "../../route";
import { fromTheStart, type Chip } from "./filters";

/** The filters that are on, each with its way out, and the address without any. */
export function FilterChips({ chips, clearAddress }: { chips: readonly Chip[]; clearAddress: string }) {
  return (
    <div class="row chips">
      {chips.map((chip) => (
        <button
          key={chip.name}
          type="button"
          class="chip"
          aria-label={`Remove the filter ${chip.text}`}
          onClick={() => goQuery(fromTheStart(Object.fromEntries(chip.removes.map((name) => [name, null]))))}
        >
          <bdi>{chip.text}</bdi>
          <Icon name="cross" />
        </button>
      ))}
      <a class="clear" href={clearAddress}>
        Clear all filters
      </a>
    </div>
  );
}
