import { withQuery } from "../api/request";
import { useResource } from "../api/resource";
import type { PeerSummary, PersonPage as Page, RecentCall } from "../api/types";
import { now } from "../clock";
import { LevelMark } from "../components/level";
import { LoadMoreButton, useLoadMore } from "../components/load_more";
import { Empty, Failed, Skeleton, Trouble } from "../components/placeholders";
import { Sentence } from "../components/sentence";
import { Clamped, Name, Title } from "../components/texts";
import { Timestamp } from "../components/timestamp";
import { formatName, formatValue } from "../format/labels";
import { formatCount, formatPlural, UNKNOWN } from "../format/numbers";
import { commonIssueOf, firstNameOf, formatLevelsOfCalls, formatPersonVerdict, monthsOf, possessive } from "../format/person";
import { BAR_HEIGHT, formatLevel } from "../format/quality";
import { isolate, withoutTurns } from "../format/texts";
import { formatDate, formatDateTime, formatMonth, formatPresence, monthOf } from "../format/time";
import { formatZone, zone } from "../format/zone";
import { go } from "../route";
import { useTitle } from "../title";
import { ZoneNote } from "../components/zone_note";
import { ReportHead } from "./attendance/frame";
import { useListKeys } from "./sessions/keyboard";

const USUAL = ["browser", "os", "network", "country", "relay"] as const;
const USUAL_NAMES: Record<(typeof USUAL)[number], string> = {
  browser: "Browser",
  os: "System",
  network: "Network",
  country: "Place",
  relay: "Path",
};
const ROWS = "main .row-link";
const TREND_CALLS = 50;

/** One person over all calls: how they were, what went wrong, when and from where. */
export function PersonPage({ appId, person }: { appId: string; person: string }) {
  const path = `/v1/apps/${encodeURIComponent(appId)}/people/${encodeURIComponent(person)}`;
  const resource = useResource<Page>(path);
  const { data } = resource;
  const first = data && { items: data.calls, next_cursor: data.next_cursor };
  const list = useLoadMore<PeerSummary>(path, first, (answer) => {
    const page = answer as Page;
    return { items: page.calls, next_cursor: page.next_cursor };
  });
  useTitle(data ? isolate(formatName(data.person.name)) : "Person");
  useListKeys(ROWS);
  if (!data) {
    return resource.error ? (
      <Failed what="person" resource={resource} />
    ) : (
      <Skeleton lines={12} isTall onStop={resource.stop} />
    );
  }
  const name = formatName(data.person.name);
  return (
    <article class="page report person-page">
      <Head page={data} path={path} />
      <Trouble resource={resource} />
      <PersonVerdict page={data} />
      {data.recent.length > 1 && <Trend calls={data.recent.slice(0, TREND_CALLS)} />}
      <div class="person-columns">
        <section>
          <h2>
            Calls <ZoneNote />
          </h2>
          {list.items.length ? <Calls calls={list.items} name={name} person={person} /> : <Empty title="No ended call yet" />}
          <LoadMoreButton list={list} />
        </section>
        <aside>
          <Months page={data} path={path} />
          <Usual page={data} />
        </aside>
      </div>
    </article>
  );
}

function Head({ page, path }: { page: Page; path: string }) {
  const { person, recent } = page;
  const latest = recent[0];
  const month = monthOf(latest ? latest.joined_at : now.peek());
  const known = person.custom_participant_id ?? person.user_id;
  const name = formatName(person.name);
  return (
    <header>
      <ReportHead
        title={
          <Clamped lines={2}>
            <Name name={person.name} />
          </Clamped>
        }
        csv={withQuery(`${path}/attendance`, { month, tz: zone.value, format: "csv" })}
        csvTitle={`Attendance in ${latest ? formatMonth(latest.joined_at) : month}`}
        crumbs={
          <>
            <a href="/people">People</a> /
          </>
        }
      >
        <a class="quiet" href={withQuery("/sessions", { person: person.person, person_name: name })}>
          In the sessions list
        </a>
      </ReportHead>
      <p class="session-facts">
        {known && (
          <bdi class="long" title={known}>
            {known}
          </bdi>
        )}
        <span>{formatPlural(person.calls, "call")}</span>
        <span>
          last seen {formatDateTime(person.last_at, now.peek())} {formatZone(person.last_at)}
        </span>
      </p>
    </header>
  );
}

function PersonVerdict({ page }: { page: Page }) {
  const { recent, person } = page;
  if (!recent.length) return null;
  const issue = commonIssueOf(recent);
  const isAll = recent.length >= person.calls;
  return (
    <div class="person-verdict">
      <p class="tops">
        {formatLevelsOfCalls(recent)}
        {!isAll && `, the latest ${formatCount(recent.length)} of ${formatCount(person.calls)}`}
      </p>
      <p class="says">
        <bdi>{formatPersonVerdict(formatName(person.name), recent)}</bdi>{" "}
        {issue && (
          <span class="reach">
            What went wrong most was <em class={`word-${issue.level}`}>{issue.label}</em>
            {!issue.isOwn && " at somebody else"}
            {issue.of > 1 && `, in ${formatCount(issue.calls)} of the ${formatCount(issue.of)} calls that were not good`}.
          </span>
        )}
      </p>
      {issue && (
        <p class="answer-do">
          <b>What to do:</b> <bdi>{issue.latest.advice || "see what was found"}</bdi>. The latest was{" "}
          <a href={withQuery(`/sessions/${issue.latest.session_id}`, { person: person.person })}>
            the call of {formatDateTime(issue.latest.joined_at, now.peek())}
          </a>
          .
        </p>
      )}
    </div>
  );
}

/** The latest calls as bars, oldest to newest; each leads to its session. */
function Trend({ calls }: { calls: readonly RecentCall[] }) {
  const ordered = [...calls].reverse();
  const width = 1_000 / ordered.length;
  const at = now.peek();
  const [first, last] = [ordered[0], ordered.at(-1)];
  return (
    <section>
      <h2>
        Last {formatPlural(ordered.length, "call")} <span class="faint">oldest to newest</span>
      </h2>
      <svg class="trend" viewBox="0 0 1000 28" preserveAspectRatio="none" role="img" aria-label={formatLevelsOfCalls(calls)}>
        {ordered.map((call, index) => {
          const height = 26 * BAR_HEIGHT[call.level];
          return (
            <g key={call.session_id + call.participant_id}>
              <title>{`${formatDateTime(call.joined_at, at)}: ${formatLevel(call.level)}`}</title>
              <rect class={`fill-${call.level}`} x={index * width} width={width * 0.7} y={28 - height} height={height} />
              {(call.level === 2 || call.level === 3) && (
                <rect class={`cap-${call.level}`} x={index * width} width={width * 0.7} y={28 - height} height={1.5} />
              )}
            </g>
          );
        })}
      </svg>
      <p class="ends faint small">
        <span>{first && formatDate(first.joined_at, at)}</span>
        <span>{last && formatDate(last.joined_at, at)}</span>
      </p>
    </section>
  );
}

function Months({ page, path }: { page: Page; path: string }) {
  const months = monthsOf(page.recent);
  if (!months.length) return null;
  const cut = page.recent.length < page.person.calls;
  return (
    <section>
      <h2>Month by month</h2>
      <table class="months">
        <thead>
          <tr>
            <th scope="col">Month</th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col" class="number">
              There
            </th>
            <th scope="col" class="number">
              Poor
            </th>
            <th scope="col" class="number">
              Bad
            </th>
          </tr>
        </thead>
        <tbody>
          {months.map((month) => (
            <tr key={month.name}>
              <td>
                <a
                  class="row-link"
                  href={withQuery(`${path}/attendance`, { month: month.name, tz: zone.value, format: "csv" })}
                  title={`Attendance in ${formatMonth(month.from)} as CSV`}
                  download
                >
                  {formatMonth(month.from)}
                </a>
              </td>
              <td class="number">{formatCount(month.calls)}</td>
              <td class="number">{formatPresence(month.minutes)}</td>
              <td class="number">{month.poor ? formatCount(month.poor) : UNKNOWN}</td>
              <td class="number">{month.bad ? formatCount(month.bad) : UNKNOWN}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {cut && <p class="faint small">Of the latest {formatCount(page.recent.length)} calls.</p>}
    </section>
  );
}

function Usual({ page }: { page: Page }) {
  const known = USUAL.filter((name) => page.usual[name].length > 0);
  if (!known.length) return null;
  const of = page.recent.length;
  return (
    <section>
      <h2>Usually</h2>
      <dl class="usually" aria-label="Usual device and network">
        {known.map((name, index) => (
          <div key={name}>
            <dt>{USUAL_NAMES[name]}</dt>
            {page.usual[name].slice(0, 2).map((usual) => (
              <dd key={usual.value}>
                <bdi>{formatValue(name, usual.value)}</bdi>{" "}
                <span class="faint">{index === 0 ? `${formatCount(usual.calls)} of ${formatCount(of)}` : formatCount(usual.calls)}</span>
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </section>
  );
}

function Calls({ calls, name, person }: { calls: PeerSummary[]; name: string; person: string }) {
  const own = withoutTurns(firstNameOf(name));
  return (
    <table class="plain person-calls">
      <caption class="unseen">Calls</caption>
      <thead>
        <tr>
          <th scope="col">Joined</th>
          <th scope="col">Meeting</th>
          <th scope="col" class="number c-there">
            There
          </th>
          <th scope="col">
            <bdi class="one-line">{possessive(own)} call</bdi>
          </th>
          <th scope="col" class="c-happened">
            <bdi class="one-line">What happened to {own}</bdi>
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <Row key={call.participant_id + call.session_id} call={call} person={person} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ call, person }: { call: PeerSummary; person: string }) {
  const session = `/sessions/${encodeURIComponent(call.session_id)}`;
  const address = withQuery(session, { person });
  const used = [
    call.browser,
    call.network && formatValue("network", call.network),
    call.relay && call.relay !== "none" ? formatValue("relay", call.relay) : null,
    call.country && formatValue("country", call.country),
  ].filter(Boolean);
  return (
    <tr
      class="row"
      onClick={(event) => {
        if (!(event.target as Element).closest("a, button")) go(address);
      }}
    >
      <td class="c-joined">
        <Timestamp at={call.joined_at} />
      </td>
      <td>
        <a class="row-link long" href={address}>
          <Title call={call} />
        </a>
        <a class="faint-link" href={`${session}/peers/${encodeURIComponent(call.participant_id)}`}>
          charts
        </a>
      </td>
      <td class="number c-there" title={`${call.minutes} min`}>
        {formatPresence(call.minutes)}
      </td>
      <td class="person-quality">
        <LevelMark level={call.level} /> {formatLevel(call.level)}
      </td>
      <td class="c-happened">
        {call.worst_issue && call.level !== 4 && (
          <p class="sentence">
            <Sentence text={call.worst_issue.sentence} anchor={call.joined_at} />
          </p>
        )}
        {used.length > 0 && <p class="faint small">{used.join(" · ")}</p>}
      </td>
    </tr>
  );
}
