import { useState } from "preact/hooks";
import { mayWrite } from "../../account";
import { post, remove } from "../../api/request";
import { useResource } from "../../api/resource";
import type { MadeReadLink, ReadLink, ReadLinkPage } from "../../api/types";
import { CopyButton } from "../../components/copy_button";
import { Popover } from "../../components/popover";
import { Timestamp } from "../../components/timestamp";
import { linkToHere } from "../../link";
import { useAction } from "../settings/use_action";

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
const LIVES: readonly { seconds: number; name: string }[] = [
  { seconds: HOUR_S, name: "1 hour" },
  { seconds: DAY_S, name: "1 day" },
  { seconds: 7 * DAY_S, name: "7 days" },
  { seconds: 30 * DAY_S, name: "30 days" },
  { seconds: 90 * DAY_S, name: "90 days" },
];
const USUAL_LIFE_S = 7 * DAY_S;

/** Makes a link with which anybody reads this session, and lists those that were made. */
export function Share({ appId, sessionId }: { appId: string; sessionId: string }) {
  if (!mayWrite.value) return null;
  return (
    <Popover label="Share" name="Share this session" isAtEnd>
      {() => <Panel appId={appId} sessionId={sessionId} />}
    </Popover>
  );
}

function Panel({ appId, sessionId }: { appId: string; sessionId: string }) {
  const base = `/v1/apps/${encodeURIComponent(appId)}`;
  const list = `${base}/calls/${encodeURIComponent(sessionId)}/read-links`;
  const resource = useResource<ReadLinkPage>(list);
  const [made, setMade] = useState<MadeReadLink | null>(null);
  const acting = useAction();
  const revoke = (link: ReadLink): void => {
    void acting.act(async () => {
      await remove(`${base}/read-links/${encodeURIComponent(link.id)}`);
      if (made?.link.id === link.id) setMade(null);
      resource.reload();
    });
  };
  const open = (resource.data?.links ?? []).filter((link) => link.revoked_at === null);
  return (
    <div class="share">
      <p>
        <b>A link for somebody without an account</b>
        <span class="faint"> Whoever has it reads this session and nothing else.</span>
      </p>
      <NewLink
        isBusy={acting.isBusy}
        onMake={(wanted) =>
          void acting.act(async () => {
            setMade(await post<MadeReadLink>(list, wanted));
            resource.reload();
          })
        }
      />
      {made && <Made made={made} />}
      {acting.problem && (
        <p class="field-problem" role="alert">
          {acting.problem}
        </p>
      )}
      {open.length > 0 && (
        <ul class="share-links" aria-label="Links that can be used">
          {open.map((link) => (
            <li key={link.id}>
              <span>
                Until <Timestamp at={link.expires_at} />
                <span class="faint">
                  {link.with_talk ? ", with talk" : ""}, {formatOpened(link)}
                </span>
              </span>
              <button type="button" class="quiet" disabled={acting.isBusy} onClick={() => revoke(link)}>
                Revoke
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function formatOpened(link: ReadLink): string {
  if (link.times_opened === 0) return "not opened yet";
  return link.times_opened === 1 ? "opened once" : `opened ${link.times_opened} times`;
}

function NewLink(props: {
  isBusy: boolean;
  onMake: (wanted: { expires_in_s: number; with_talk: boolean }) => void;
}) {
  const [seconds, setSeconds] = useState(USUAL_LIFE_S);
  const [withTalk, setWithTalk] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.onMake({ expires_in_s: seconds, with_talk: withTalk });
      }}
    >
      <label class="row">
        Can be read for
        <select
          value={String(seconds)}
          onChange={(event) => setSeconds(Number(event.currentTarget.value))}
        >
          {LIVES.map((life) => (
            <option key={life.seconds} value={String(life.seconds)}>
              {life.name}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={withTalk}
          onChange={(event) => setWithTalk(event.currentTarget.checked)}
        />
        With chat, transcript and summary
      </label>
      <button type="submit" class="primary" disabled={props.isBusy}>
        Make a link
      </button>
    </form>
  );
}

/** The new link, which is shown this once; it leads to the moment that is on the screen. */
function Made({ made }: { made: MadeReadLink }) {
  const url = new URL(made.url);
  url.search = new URL(linkToHere()).search;
  return (
    <div class="secret" role="status">
      <p>
        <b>Copy it now: it is shown this once.</b>
      </p>
      <p class="row">
        <input readOnly aria-label="The link" value={url.href} onFocus={(event) => event.currentTarget.select()} />
        <CopyButton text={url.href} label="Copy the link" />
      </p>
    </div>
  );
}
