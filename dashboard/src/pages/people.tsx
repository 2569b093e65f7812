import { useEffect, useRef, useState } from "preact/hooks";
import { withQuery } from "../api/request";
import { useResource } from "../api/resource";
import type { PersonRow } from "../api/types";
import type { Paged } from "../api/members";
import { now } from "../clock";
import { Timestamp } from "../components/timestamp";
import { LoadMoreButton, useLoadMore } from "../components/load_more";
import { Empty, listClass, Skeleton, Trouble } from "../components/placeholders";
import { go, goQuery, place } from "../route";
import { useTitle } from "../title";
import { shareOf, formatCount, formatPlural, formatPercent } from "../format/numbers";
import { Name } from "../components/texts";
import { formatName } from "../format/labels";
import { formatAge } from "../format/time";
import { useListKeys } from "./sessions/keyboard";
import { ZoneNote } from "../components/zone_note";

const TYPING_PAUSE_MS = 140;
const ROWS = "main .row-link";

/** All participants of calls as people, the last seen first. */
export function PeoplePage({ appId }: { appId: string }) {
  const search = place.value.query.get("search");
  const base = `/v1/apps/${encodeURIComponent(appId)}/people`;
  const path = withQuery(base, { search });
  const resource = useResource<Paged<PersonRow>>(path);
  const list = useLoadMore<PersonRow>(path, resource.data, (answer) => {
    const page = answer as Paged<PersonRow>;
    return { items: page.items, next_cursor: page.next_cursor };
  });
  useTitle("People");
  useListKeys(ROWS);
  return (
    <div class="page">
      <div class="page-head">
        <h1>People</h1>
        <p class="faint" role="status">
          {resource.data && resource.data.total !== null && `${formatPlural(resource.data.total, "person", "people")} · `}
          <ZoneNote />
        </p>
        <p class="row tools">
          <a class="quiet" href="/attendance">
            Attendance of a month
          </a>
          <a class="quiet" href="/usage">
            Usage
          </a>
        </p>
      </div>
      <Search />
      <Trouble resource={resource} />
      {resource.data ? (
        <div class={listClass(resource)}>
          {list.items.length ? <Table people={list.items} /> : <Nothing isSearch={search !== null} />}
          <LoadMoreButton list={list} />
        </div>
      ) : (
        !resource.error && <Skeleton lines={12} isTall onStop={resource.stop} />
      )}
    </div>
  );
}

function Nothing({ isSearch }: { isSearch: boolean }) {
  return isSearch ? (
    <Empty title="Nobody matches">Words must begin like a word of the name; ids must be whole.</Empty>
  ) : (
    <Empty title="Nobody yet">People appear here after their first call has ended.</Empty>
  );
}

function Search() {
  const inAddress = place.value.query.get("search") ?? "";
  const [text, setText] = useState(inAddress);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div class="row" role="search">
      <input
        id="search"
        type="search"
        class="search"
        placeholder="Name, custom participant id or user id"
        aria-label="Search people"
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={(event) => {
          const typed = event.currentTarget.value;
          setText(typed);
          clearTimeout(timer.current);
          timer.current = window.setTimeout(
            () => goQuery({ search: typed.trim() || null }, true),
            TYPING_PAUSE_MS,
          );
        }}
      />
    </div>
  );
}

function Table({ people }: { people: PersonRow[] }) {
  return (
    <table class="plain people">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Id</th>
          <th scope="col" class="number">
            Calls
          </th>
          <th scope="col" class="number">
            Bad
          </th>
          <th scope="col">Last call</th>
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <Row key={person.person} person={person} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ person }: { person: PersonRow }) {
  const address = `/people/${encodeURIComponent(person.person)}`;
  const known = person.custom_participant_id ?? person.user_id ?? "known by name only";
  return (
    <tr
      class="row"
      onClick={(event) => {
        if (!(event.target as Element).closest("a")) go(address);
      }}
    >
      <td>
        <a class="row-link long" href={address} title={formatName(person.name)}>
          <Name name={person.name} />
        </a>
      </td>
      <td class="faint wide-only">
        <bdi class="long" title={known}>
          {known}
        </bdi>
      </td>
      <td class="number">{formatCount(person.calls)}</td>
      <td class={person.bad_calls ? "number bad-number" : "number faint"}>
        {formatPercent(shareOf(person.bad_calls, person.calls))}
      </td>
      <td>
        <Timestamp at={person.last_at} /> <span class="faint wide-only">{formatAge(person.last_at, now.peek())}</span>
      </td>
    </tr>
  );
}
