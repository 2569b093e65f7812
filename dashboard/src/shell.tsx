import { useEffect } from "preact/hooks";
import { app, findOutWhoWeAre, me, trouble } from "./account";
import { SessionPage } from "./pages/session";
import { lazy } from "./components/lazy";
import { NotFound, Problem, Skeleton } from "./components/placeholders";
import { zone } from "./format/zone";
import { PrintFoot } from "./frame/print_foot";
import { Keys } from "./frame/keys";
import { BottomBar, TopBar } from "./frame/top_bar";
import { go, match, pathname } from "./route";

const loadSessionsPage = () => import("./pages/sessions").then((module) => module.SessionsPage);
const SessionsPage = lazy(loadSessionsPage);
const MeetingAttendancePage = lazy(() =>
  import("./pages/attendance/meeting_attendance").then((module) => module.MeetingAttendancePage),
);
const MonthAttendancePage = lazy(() =>
  import("./pages/attendance/month_attendance").then((module) => module.MonthAttendancePage),
);
const SessionAttendancePage = lazy(() =>
  import("./pages/attendance/session_attendance").then((module) => module.SessionAttendancePage),
);
const UsagePage = lazy(() => import("./pages/attendance/usage").then((module) => module.UsagePage));
const OverviewPage = lazy(() => import("./pages/overview").then((module) => module.OverviewPage));
const PeoplePage = lazy(() => import("./pages/people").then((module) => module.PeoplePage));
const PersonPage = lazy(() => import("./pages/person").then((module) => module.PersonPage));
const ParticipantPage = lazy(() => import("./pages/participant").then((module) => module.ParticipantPage));
const SignInPage = lazy(() => import("./pages/sign_in").then((module) => module.SignInPage), true);
const SettingsPage = lazy(() => import("./pages/settings").then((module) => module.SettingsPage));

// The page that most people open first is loaded while the server says who they are. If it cannot be
// loaded, the page itself shows it.
if (["/", "/sessions"].includes(pathname.value)) loadSessionsPage().catch(() => undefined);

/** The whole dashboard: the sign-in page, or the page of the address once somebody is signed in. */
export function Shell() {
  if (me.value === undefined) return <Waiting />;
  if (me.value === null || pathname.value === "/sign-in") return <SignInPage />;
  return (
    <div class="shell">
      <TopBar />
      <main id="main" tabIndex={-1}>
        {/* Another zone changes every time on the page, also those in canvases. */}
        {app.value ? <Page key={zone.value} /> : <NotFound title="This account has no app yet" />}
      </main>
      <PrintFoot />
      <BottomBar />
      <Keys />
    </div>
  );
}

function Waiting() {
  const error = trouble.value;
  return (
    <main class="waiting">
      {error ? (
        <Problem error={error} onRetry={() => void findOutWhoWeAre()} />
      ) : (
        <Skeleton lines={8} isTall />
      )}
    </main>
  );
}

function Page() {
  const path = pathname.value;
  const appId = app.value?.id ?? "";
  const peer = match("/sessions/:session/peers/:peer", path);
  const session = match("/sessions/:session", path);
  const attended = match("/sessions/:session/attendance", path);
  const meeting = match("/meetings/:meeting/attendance", path);
  const person = match("/people/:person", path);
  if (peer) return <ParticipantPage key={path} sessionId={peer.session ?? ""} peerId={peer.peer ?? ""} />;
  if (session) return <SessionPage key={path} sessionId={session.session ?? ""} />;
  if (attended) return <SessionAttendancePage key={path} sessionId={attended.session ?? ""} />;
  if (meeting) return <MeetingAttendancePage key={appId + path} appId={appId} meetingId={meeting.meeting ?? ""} />;
  if (person) return <PersonPage key={appId + path} appId={appId} person={person.person ?? ""} />;
  switch (path) {
    case "/":
      return <Forward to="/sessions" />;
    case "/sessions":
      return <SessionsPage key={appId} appId={appId} />;
    case "/people":
      return <PeoplePage key={appId} appId={appId} />;
    case "/attendance":
      return <MonthAttendancePage key={appId} appId={appId} />;
    case "/usage":
      return <UsagePage key={appId} appId={appId} />;
    case "/overview":
      return <OverviewPage key={appId} appId={appId} />;
    case "/settings":
      return <SettingsPage />;
    default:
      return (
        <NotFound title="There is no page at this address">
          <a href="/sessions">To the sessions</a>
        </NotFound>
      );
  }
}

function Forward({ to }: { to: string }) {
  useEffect(() => go(to + location.search, true), [to]);
  return null;
}
