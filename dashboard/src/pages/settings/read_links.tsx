import { app } from "../../account";
import { remove } from "../../api/request";
import { useResource } from "../../api/resource";
import type { ReadLink, ReadLinkPage } from "../../api/types";
import { LoadMoreButton, useLoadMore } from "../../components/load_more";
import { Empty, Problem, Skeleton } from "../../components/placeholders";
import { Timestamp } from "../../components/timestamp";
import { formatOpened } from "../session/share";
import { useAction } from "./use_action";

/** The read links of an app that have not expired. */
export function ReadLinks() {
  const base = `/v1/apps/${encodeURIComponent(app.value?.id ?? "")}/read-links`;
  const resource = useResource<ReadLinkPage>(base);
  const first = resource.data && paged(resource.data);
  const list = useLoadMore<ReadLink>(base, first, (answer) => paged(answer as ReadLinkPage));
  const acting = useAction();
  if (!resource.data) {
    return resource.error ? <Problem error={resource.error} onRetry={resource.reload} /> : <Skeleton lines={6} />;
  }
  const revoke = (link: ReadLink): void => {
    if (!confirm("Revoke this link? Whoever reads with it is shut out at once.")) return;
    void acting.act(async () => {
      await remove(`${base}/${encodeURIComponent(link.id)}`);
      resource.reload();
    });
  };
  if (!list.items.length) {
    return <Empty title="No session is shared">A session’s page has Share, which makes a link to it.</Empty>;
  }
  return (
    <section>
      <p class="faint">Each shows one session to whoever has it, until it expires. Expired ones are not listed.</p>
      {acting.problem && (
        <p class="field-problem" role="alert">
          {acting.problem}
        </p>
      )}
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">Made</th>
            <th scope="col">Can be read until</th>
            <th scope="col">Talk</th>
            <th scope="col">Opened</th>
            <th scope="col">
              <span class="unseen">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {list.items.map((link) => (
            <Row key={link.id} link={link} isBusy={acting.isBusy} onRevoke={revoke} />
          ))}
        </tbody>
      </table>
      <LoadMoreButton list={list} />
    </section>
  );
}

function Row({ link, isBusy, onRevoke }: { link: ReadLink; isBusy: boolean; onRevoke: (link: ReadLink) => void }) {
  return (
    <tr class={link.revoked_at === null ? undefined : "revoked"}>
      <td>
        <a href={`/sessions/${encodeURIComponent(link.session_id)}`}>{link.session_id.slice(0, 8)}</a>
      </td>
      <td>
        <Timestamp at={link.created_at} />
      </td>
      <td>
        <Timestamp at={link.expires_at} />
      </td>
      <td>{link.with_talk ? "With talk" : "Without"}</td>
      <td>
        {formatOpened(link)}
        {link.last_opened_at !== null && (
          <span class="faint">
            , last <Timestamp at={link.last_opened_at} />
          </span>
        )}
      </td>
      <td class="number">
        {link.revoked_at === null ? (
          <button
            type="button"
            class="quiet"
            disabled={isBusy}
            aria-label={`Revoke the link to session ${link.session_id}`}
            onClick={() => onRevoke(link)}
          >
            Revoke
          </button>
        ) : (
          <span class="faint">
            Revoked <Timestamp at={link.revoked_at} />
          </span>
        )}
      </td>
    </tr>
  );
}

const pages = new WeakMap<ReadLinkPage, { items: ReadLink[]; next_cursor: string | null }>();

/** The same object for the same answer, so that what was loaded stays. */
function paged(page: ReadLinkPage): { items: ReadLink[]; next_cursor: string | null } {
  const known = pages.get(page) ?? { items: page.links, next_cursor: page.next_cursor };
  pages.set(page, known);
  return known;
}
