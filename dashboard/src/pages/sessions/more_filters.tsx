import { withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import { DIMENSIONS } from "../../api/constants";
import type { Breakdowns } from "../../api/types";
import { now } from "../../clock";
import { Popover } from "../../components/popover";
import { goQuery, place } from "../../route";
import { ISSUE_NAMES, formatDimension, formatIssue, formatValue } from "../../format/labels";
import { DAY_MS } from "../../format/time";
import { chipsOf, fromTheStart } from "./filters";

const OFFERED = DIMENSIONS.filter((name) => name !== "issue");
const LOOK_BACK_MS = 89 * DAY_MS;

/** The filters that are used less often. */
export function MoreFilters({ appId, isAtEnd }: { appId: string; isAtEnd?: boolean }) {
  const count = chipsOf(place.value.query).length;
  return (
    <Popover
      isAtEnd={isAtEnd}
      label={count ? `Filters · ${count}` : "Filters"}
      name="More filters"
      isActive={count > 0}
    >
      {() => <Choices appId={appId} />}
    </Popover>
  );
}

function Choices({ appId }: { appId: string }) {
  const since = new Date(now.peek() - LOOK_BACK_MS).toISOString().slice(0, 10);
  const known = useResource<Breakdowns>(
    withQuery(`/v1/apps/${encodeURIComponent(appId)}/overview/breakdowns`, { from: since, by: OFFERED.join() }),
  );
  const { query } = place.value;
  const [least = "", most = ""] = (query.get("participants") ?? "").split(":");
  const choose = (name: string, value: string): void => goQuery(fromTheStart({ [name]: value }));
  const chooseCount = (from: string, to: string): void =>
    choose("participants", from || to ? `${from}:${to}` : "");
  return (
    <div class="more-filters">
      <Choice
        name="issue"
        label="Issue"
        value={query.get("issue") ?? ""}
        values={ISSUE_NAMES.map((name) => [name, formatIssue(name)])}
        onChoose={choose}
      />
      {OFFERED.map((name) => (
        <Choice
          key={name}
          name={name}
          label={name === "browser_version" ? "Browser and version" : formatDimension(name)}
          value={query.get(name) ?? ""}
          values={valuesOf(known.data, name)}
          onChoose={choose}
        />
      ))}
      <fieldset>
        <legend>Participants</legend>
        <input
          type="number"
          min="0"
          aria-label="At least"
          placeholder="from"
          value={least}
          onChange={(event) => chooseCount(event.currentTarget.value, most)}
        />
        <input
          type="number"
          min="0"
          aria-label="At most"
          placeholder="to"
          value={most}
          onChange={(event) => chooseCount(least, event.currentTarget.value)}
        />
      </fieldset>
    </div>
  );
}

/** The values that calls of the last months had, by name. */
function valuesOf(known: Breakdowns | undefined, by: string): [string, string][] {
  const rows = known?.breakdowns.find((each) => each.by === by)?.rows ?? [];
  return rows
    .map(({ value }): [string, string] => [value, formatValue(by, value)])
    .sort((one, other) => one[1].localeCompare(other[1], undefined, { numeric: true }));
}

function Choice(props: {
  name: string;
  label: string;
  value: string;
  values: [string, string][];
  onChoose: (name: string, value: string) => void;
}) {
  const isKnown = !props.value || props.values.some(([value]) => value === props.value);
  return (
    <label>
      {props.label}
      <select
        value={props.value}
        onChange={(event) => props.onChoose(props.name, event.currentTarget.value)}
      >
        <option value="">Any</option>
        {!isKnown && <option value={props.value}>{formatValue(props.name, props.value)}</option>}
        {props.values.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
