import { useEffect } from "preact/hooks";
import { app, chooseApp, findOutWhoWeAre, me, signOut, trouble } from "./account";
import { OverviewPage } from "./pages/overview";
import { PeoplePage } from "./pages/people";
import { ParticipantPage } from "./pages/participant";
import { PersonPage } from "./pages/person";
import { SessionPage } from "./pages/session";
import { SessionsPage } from "./pages/sessions";
import { SettingsPage } from "./pages/settings";
import { SignInPage } from "./pages/sign_in";
import { Empty, Problem, Skeleton } from "./components/placeholders";
import { go, match, place } from "./route";
import { nextTheme, theme } from "./theme";

const PAGES = [
  { path: "/sessions", name: "Sessions" },
  { path: "/people", name: "People" },
  { path: "/overview", name: "Overview" },
  { path: "/settings", name: "Settings" },
];

/** The whole dashboard: the sign-in page, or the page of the address once somebody is signed in. */
export function Shell() {
  if (me.value === undefined) return <Waiting />;
  if (me.value === null || place.value.path === "/sign-in") return <SignInPage />;
  return (
    <div class="shell">
      <Header />
      <main id="main" tabIndex={-1}>
        {app.value ? <Page /> : <Empty title="This account has no app yet" />}
      </main>
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

function Header() {
  const { path } = place.value;
  return (
    <header class="top">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <a class="brand" href="/sessions">
        <img src="/icon.svg" alt="" width="22" height="22" />
        <span>Aftercall</span>
      </a>
      <nav aria-label="Pages">
        {PAGES.map((page) => (
          <a
            key={page.path}
            href={page.path}
            aria-current={path === page.path || path.startsWith(`${page.path}/`) ? "page" : undefined}
          >
            {page.name}
          </a>
        ))}
      </nav>
      <div class="top-end">
        <AppChoice />
        <button
          type="button"
          class="quiet"
          title="Colours: as the system, light or dark"
          onClick={nextTheme}
        >
          {{ auto: "Auto", light: "Light", dark: "Dark" }[theme.value]}
        </button>
        <button type="button" class="quiet" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </header>
  );
}

function AppChoice() {
  const apps = me.value?.apps ?? [];
  const here = app.value;
  if (!here || apps.length < 2) return here ? <span class="app-name">{here.name}</span> : null;
  return (
    <select
      aria-label="App"
      value={here.id}
      onChange={(event) => {
        chooseApp(event.currentTarget.value);
        const section = PAGES.find((page) => place.value.path.startsWith(page.path));
        go(section?.path ?? "/sessions");
      }}
    >
      {apps.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </select>
  );
}

function Page() {
  const { path } = place.value;
  const appId = app.value?.id ?? "";
  const peer = match("/sessions/:session/peers/:peer", path);
  const session = match("/sessions/:session", path);
  const person = match("/people/:person", path);
  if (peer) return <ParticipantPage key={path} sessionId={peer.session ?? ""} peerId={peer.peer ?? ""} />;
  if (session) return <SessionPage key={path} sessionId={session.session ?? ""} />;
  if (person) return <PersonPage key={appId + path} appId={appId} person={person.person ?? ""} />;
  switch (path) {
    case "/":
      return <Forward to="/sessions" />;
    case "/sessions":
      return <SessionsPage key={appId} appId={appId} />;
    case "/people":
      return <PeoplePage key={appId} appId={appId} />;
    case "/overview":
      return <OverviewPage key={appId} appId={appId} />;
    case "/settings":
      return <SettingsPage />;
    default:
      return (
        <Empty title="There is no page at this address">
          <a href="/sessions">To the sessions</a>
        </Empty>
      );
  }
}

function Forward({ to }: { to: string }) {
  useEffect(() => go(to + location.search, true), [to]);
  return null;
}
