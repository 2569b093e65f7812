import type { Paged } from "../../api/members";
import { withQuery } from "../../api/request";
import { useResource } from "../../api/resource";
import type { PersonRow } from "../../api/types";
import { Name } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { formatPlural } from "../../format/numbers";
import { sessionsAddress } from "./filters";

/** People found beside the first who are named. */
const ALSO = 4;

/** The people whom a search of sessions found by their own names or ids. */
export function FoundPeople({ appId, search }: { appId: string; search: string }) {
  const path = withQuery(`/v1/apps/${encodeURIComponent(appId)}/people`, { search });
  const found = useResource<Paged<PersonRow>>(path);
  const [first, ...others] = found.isCurrent ? (found.data?.items ?? []) : [];
  if (!first) return null;
  return (
    <section class="found" aria-label="People found">
      <div class="card found-person">
        <div>
          <a class="row-link" href={addressOf(first)}>
            <Name name={first.name} />
          </a>
          <p class="faint">
            {idOf(first)} · {formatPlural(first.calls, "call")}
            {first.bad_calls > 0 && `, ${first.bad_calls} bad`} · last <Timestamp at={first.last_at} />
          </p>
        </div>
        <a class="choice" href={sessionsAddress({ person: first.person, person_name: first.name ?? "" })}>
          Only these calls
        </a>
        <a class="choice" href={addressOf(first)}>
          Calls and trend
        </a>
      </div>
      {others.length > 0 && (
        <p class="faint row">
          Also found
          {others.slice(0, ALSO).map((person) => (
            <span key={person.person}>
              <a class="row-link" href={addressOf(person)}>
                <Name name={person.name} />
              </a>{" "}
              {formatPlural(person.calls, "call")}
            </span>
          ))}
          {others.length > ALSO && <a href={withQuery("/people", { search })}>all people found</a>}
        </p>
      )}
    </section>
  );
}

function addressOf(person: PersonRow): string {
  return `/people/${encodeURIComponent(person.person)}`;
}

function idOf(person: PersonRow): string {
  return person.custom_participant_id ?? person.user_id ?? "known by name only";
}
