import { app } from "../account";
import { lazy } from "../components/lazy";
import { Problem, Skeleton } from "../components/placeholders";
import { formatDateTime } from "../format/time";
import { formatZone, zone } from "../format/zone";
import { now } from "../clock";
import { SessionPage } from "../pages/session";
import { canGo, match, place } from "../route";
import { openSharedLink, sharedLink, sharedTrouble } from "../shared_link";
import { useTitle } from "../title";
import { ThemeButton } from "./top_bar";
import { PrintFoot } from "./print_foot";
import { ZoneChoice } from "./zone_choice";

const ParticipantPage = lazy(() => import("../pages/participant").then((module) => module.ParticipantPage));

/** The frame of a page that was opened with a read link: no search, no settings, no other page. */
export function SharedShell() {
  const link = sharedLink.value;
  return (
    <div class="shell">
      <header class="top shared">
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <span class="brand">
          <img src="/icon.svg" alt="Aftercall" width="22" height="22" />
          <span aria-hidden="true">Aftercall</span>
        </span>
        {link && (
          <p class="shared-note">
            Shared with you: this session alone, until{" "}
            <b>
              {formatDateTime(link.expires_at, now.peek())} {formatZone(link.expires_at)}
            </b>
            {!link.with_talk && <span class="shared-talk">, without chat, transcript and summary</span>}
          </p>
        )}
        <div class="top-end">
          <ZoneChoice />
          <ThemeButton />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Content key={zone.value} />
      </main>
      <PrintFoot />
    </div>
  );
}

function Content() {
  const link = sharedLink.value;
  const error = sharedTrouble.value;
  if (error) return <Problem error={error} onRetry={() => void openSharedLink()} />;
  if (link === undefined) return <Skeleton lines={8} isTall />;
  if (link === null) return <Over />;
  const { path } = place.value;
  const peer = match("/sessions/:session/peers/:peer", path);
  if (peer && canGo(path)) return <ParticipantPage key={path} sessionId={link.session_id} peerId={peer.peer ?? ""} />;
  return <SessionPage key={`${path} ${app.value?.id}`} sessionId={link.session_id} />;
}

function Over() {
  useTitle("This link is over");
  return (
    <div class="empty">
      <h1>This link is over</h1>
      <p>
        It has expired or was revoked, its session was deleted, or the address was cut off. Ask whoever sent it for
        another one.
      </p>
    </div>
  );
}
