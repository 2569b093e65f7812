import { app } from "../../account";
import { useResource } from "../../api/resource";
import type { AuditEntry, AuditPage, Token } from "../../api/types";
import { Name } from "../../components/texts";
import { LoadMoreButton, useLoadMore } from "../../components/load_more";
import { Timestamp } from "../../components/timestamp";
import { Empty, Problem, Skeleton } from "../../components/placeholders";
import { capitalise } from "../../format/labels";

/** Who read talk, exported or erased a person, deleted something, made or revoked tokens. */
export function Audit() {
  const id = app.value?.id ?? "";
  const path = id ? `/v1/apps/${encodeURIComponent(id)}/audit` : null;
  const resource = useResource<AuditPage>(path);
  const first = resource.data && paged(resource.data);
  const tokens = useResource<{ tokens: Token[] }>("/v1/tokens").data?.tokens ?? [];
  const list = useLoadMore<AuditEntry>(path ?? "", first, (answer) => paged(answer as AuditPage));
  if (!resource.data) {
    return resource.error ? (
      <Problem error={resource.error} onRetry={resource.reload} />
    ) : (
      <Skeleton lines={8} />
    );
  }
  if (!list.items.length) return <Empty title="Nothing was done yet" />;
  return (
    <section>
      <p class="section-about">
        Who read or loaded what was said, exported or erased a person, deleted something, or changed tokens, keys, links
        and alerts; the latest first.
      </p>
      <table class="plain audit">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Of what</th>
          </tr>
        </thead>
        <tbody>
          {list.items.map((entry) => (
            <tr key={entry.id}>
              <td>
                <Timestamp at={entry.at} />
              </td>
              <td>
                <Actor id={entry.actor} token={tokens.find(({ id }) => id === entry.actor)} />
              </td>
              <td>{capitalise(entry.action.replaceAll("_", " "))}</td>
              <td>
                {OF_SESSIONS.test(entry.action) ? (
                  <a href={`/sessions/${encodeURIComponent(entry.object)}`}>
                    <code>{entry.object}</code>
                  </a>
                ) : (
                  <code>{entry.object}</code>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <LoadMoreButton list={list} />
    </section>
  );
}

/** What is done to a session, whose page may still be there. */
const OF_SESSIONS = /^(read|download)_(chat|transcript|summary)$|^(export_session|upload_transcript)$/;

/** The name of a token; a sign-in, a link and a token that was revoked have their id alone. */
function Actor({ id, token }: { id: string; token: Token | undefined }) {
  if (!token) return <code>{id}</code>;
  return (
    <span title={id}>
      <Name name={token.name} />
      {token.is_mine && <span class="tag">You</span>}
    </span>
  );
}

const pages = new WeakMap<AuditPage, { items: AuditEntry[]; next_cursor: string | null }>();

/** The same object for the same answer, so that what was loaded stays. */
function paged(page: AuditPage): { items: AuditEntry[]; next_cursor: string | null } {
  const known = pages.get(page) ?? { items: page.entries, next_cursor: page.next_cursor };
  pages.set(page, known);
  return known;
}
