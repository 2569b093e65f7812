import { useResource } from "../api/resource";
import type { Overview } from "../api/types";
import { now } from "../clock";
import { CopyButton } from "../components/copy_button";
import { Icon } from "../components/icon";
import { Empty, listClass, Skeleton, Trouble } from "../components/placeholders";
import { linkToHere } from "../link";
import { place } from "../route";
import { FilterChips } from "./sessions/filter_chips";
import { chipsOf } from "./sessions/filters";
import { MoreFilters } from "./sessions/more_filters";
import { useTitle } from "../title";
import { formatPlural } from "../format/numbers";
import { Breakdowns } from "./overview/breakdowns";
import { Headline } from "./overview/headline";
import { PeriodChoice } from "./overview/period_choice";
import { breakdownsFile, overviewPath, readPeriods } from "./overview/periods";
import { ShareChart } from "./overview/share_chart";

/** Two periods beside each other; every number links to the calls behind it. */
export function OverviewPage({ appId }: { appId: string }) {
  const { query } = place.value;
  const periods = readPeriods(query, now.peek());
  const chips = chipsOf(query).filter(({ name }) => name in periods.filter);
  const resource = useResource<Overview>(overviewPath(appId, periods));
  const { data } = resource;
  useTitle("Overview");
  return (
    <div class="page">
      <div class="page-head">
        <h1>Overview</h1>
        <PeriodChoice periods={periods} />
        <div class="row tools">
          <MoreFilters appId={appId} isAtEnd />
          <CopyButton text={linkToHere()} label="Copy the link to these periods" shown="Copy link" />
          <a class="quiet" href={breakdownsFile(appId, periods)} title="The tables below as CSV" download>
            <Icon name="download" />
            CSV
          </a>
        </div>
      </div>
      {chips.length > 0 && <FilterChips chips={chips} clearAddress={withoutFilters(query)} />}
      <Trouble resource={resource} />
      {data ? (
        <div class={listClass(resource, "overview")} aria-busy={!resource.isCurrent}>
          {hasNothing(data) ? (
            <Nothing overview={data} isFiltered={chips.length > 0} />
          ) : (
            <>
              <Headline overview={data} />
              <ShareChart overview={data} />
              <Breakdowns appId={appId} periods={periods} all={data.this.calls} />
            </>
          )}
        </div>
      ) : (
        !resource.error && <Skeleton lines={12} isTall onStop={resource.stop} />
      )}
    </div>
  );
}

/** The same periods of all calls. */
function withoutFilters(query: URLSearchParams): string {
  const kept = new URLSearchParams(query);
  for (const { removes } of chipsOf(query)) for (const name of removes) kept.delete(name);
  const text = kept.toString();
  return text ? `/overview?${text}` : "/overview";
}

function hasNothing({ this: own, other }: Overview): boolean {
  return own.sessions === 0 && other.sessions === 0;
}

function Nothing({ overview, isFiltered }: { overview: Overview; isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No measured call matches in these periods">
        Remove a filter above, choose other days, or look at <a href="/sessions">all sessions</a>.
      </Empty>
    );
  }
  return (
    <Empty title="No session in these periods">
      In neither of them, {formatPlural(overview.this.days + overview.other.days, "day")} together, did a session
      begin. Choose other days above, or look at <a href="/sessions">all sessions</a>.
    </Empty>
  );
}
