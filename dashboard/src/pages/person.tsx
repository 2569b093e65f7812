import { Clamped, Name, Title } from "../components/texts";
import { isolate } from "../format/texts";
import { useResource } from "../api/resource";
import type { PeerSummary, PersonPage as Page } from "../api/types";
import { LevelMark } from "../components/level";
import { Timestamp } from "../components/timestamp";
import { LoadMoreButton, useLoadMore } from "../components/load_more";
import { Sentence } from "../components/sentence";
import { Empty, Failed, Skeleton, Trouble } from "../components/placeholders";
import { go } from "../route";
import { useTitle } from "../title";
import { shareOf, formatPlural, formatMinutes, formatMos, formatPercent } from "../format/numbers";
import { capitalise, formatName, formatValue } from "../format/labels";
import { formatLevel } from "../format/quality";
import { useListKeys } from "./sessions/keyboard";
import { ZoneNote } from "../components/zone_note";

const USUAL = ["browser", "os", "network", "relay", "country"] as const;
const ROWS = "main .row-link";

/** One person over all their calls. */
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
  return (
    <article class="page">
      <Head page={data} />
      <Trouble resource={resource} />
      <Usual page={data} />
      {list.items.length ? (
        <Calls calls={list.items} />
      ) : (
        <Empty title="No ended call yet" />
      )}
      <LoadMoreButton list={list} />
    </article>
  );
}

function Head({ page }: { page: Page }) {
  const { person } = page;
  const bad = shareOf(person.bad_calls, person.calls);
  const name = encodeURIComponent(formatName(person.name));
  return (
    <header>
      <p class="crumbs">
        <a href="/people">People</a>
      </p>
      <h1>
        <Clamped lines={2}>
          <Name name={person.name} />
        </Clamped>
      </h1>
      <p class="session-facts">
        <span>{formatPlural(person.calls, "call")}</span>
        <span>{formatPercent(bad)} bad</span>
        {person.custom_participant_id && <code><bdi>{person.custom_participant_id}</bdi></code>}
        <a href={`/sessions?person=${encodeURIComponent(person.person)}&person_name=${name}`}>
          In the sessions list
        </a>
        <ZoneNote />
      </p>
    </header>
  );
}

function Usual({ page }: { page: Page }) {
  const known = USUAL.filter((name) => page.usual[name].length > 0);
  if (!known.length) return null;
  return (
    <dl class="usual" aria-label="Usual device and network">
      {known.map((name) => (
        <div key={name}>
          <dt>{name === "os" ? "System" : capitalise(name)}</dt>
          {page.usual[name].slice(0, 3).map((usual) => (
            <dd key={usual.value}>
              {formatValue(name, usual.value)} <span class="faint">{usual.calls}</span>
            </dd>
          ))}
        </div>
      ))}
    </dl>
  );
}

function Calls({ calls }: { calls: PeerSummary[] }) {
  return (
    <table class="plain person-calls">
      <thead>
        <tr>
          <th scope="col">Joined</th>
          <th scope="col">Meeting</th>
          <th scope="col" class="number">
            Minutes
          </th>
          <th scope="col">Quality</th>
          <th scope="col">Worst issue</th>
          <th scope="col">With</th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <Row key={call.participant_id + call.session_id} call={call} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ call }: { call: PeerSummary }) {
  const address = `/sessions/${call.session_id}`;
  const used = [
    call.browser,
    call.network && formatValue("network", call.network),
    call.relay && call.relay !== "none" ? formatValue("relay", call.relay) : null,
    call.country && formatValue("country", call.country),
  ];
  return (
    <tr
      class="row"
      onClick={(event) => {
        if (!(event.target as Element).closest("a")) go(address);
      }}
    >
      <td>{call.joined_at !== null && <Timestamp at={call.joined_at} />}</td>
      <td>
        <a class="row-link" href={address}>
          <Title call={call} />
        </a>{" "}
        <a class="faint-link" href={`${address}/peers/${call.participant_id}`}>
          charts
        </a>
      </td>
      <td class="number">{formatMinutes(call.minutes)}</td>
      <td class="person-quality">
        <LevelMark level={call.level} /> {formatLevel(call.level)}{" "}
        {call.is_measured && (
          <span class="faint">
            A {formatMos(call.mos_audio)} · V {formatMos(call.mos_video)}
          </span>
        )}
      </td>
      <td>
        {call.worst_issue && (
          <p class="sentence">
            <Sentence text={call.worst_issue.sentence} anchor={call.joined_at} />
          </p>
        )}
      </td>
      <td class="faint">{used.filter(Boolean).join(" · ")}</td>
    </tr>
  );
}
