import { app } from "../../account";
import { useResource } from "../../api/resource";
import type { AuditEntry, AuditPage } from "../../api/types";
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
      <table class="plain">
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
                <code>{entry.actor}</code>
              </td>
              <td>{capitalise(entry.action.replaceAll("_", " "))}</td>
              <td>
                <code>{entry.object}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <LoadMoreButton list={list} />
    </section>
  );
}

const pages = new WeakMap<AuditPage, { items: AuditEntry[]; next_cursor: string | null }>();

/** The same object for the same answer, so that what was loaded stays. */
function paged(page: AuditPage): { items: AuditEntry[]; next_cursor: string | null } {
  const known = pages.get(page) ?? { items: page.entries, next_cursor: page.next_cursor };
  pages.set(page, known);
  return known;
}
