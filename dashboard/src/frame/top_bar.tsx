import { app, chooseApp, me, signOut } from "../account";
import { badNow } from "../bad_now";
import { Icon, type IconName } from "../components/icon";
import { Popover } from "../components/popover";
import { formatCount } from "../format/numbers";
import { go, pathname } from "../route";
import { nextTheme, theme } from "../theme";
import { Find, FindButton } from "./find";
import { openKeys } from "./keys";
import { ZoneChoice } from "./zone_choice";
import { Name } from "../components/texts";
import { formatName } from "../format/labels";
import { isolate } from "../format/texts";

const PAGES: readonly { path: string; name: string; icon: IconName }[] = [
  { path: "/sessions", name: "Sessions", icon: "list" },
  { path: "/people", name: "People", icon: "people" },
  { path: "/overview", name: "Overview", icon: "chart" },
  { path: "/settings", name: "Settings", icon: "settings" },
];

export function TopBar() {
  return (
    <header class="top">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <a class="brand" href="/sessions">
        <img src="/icon.svg" alt="Aftercall" width="22" height="22" />
        <span aria-hidden="true">Aftercall</span>
      </a>
      <div class="app-choice">
        <AppChoice />
      </div>
      <nav aria-label="Pages">
        <PageLinks />
      </nav>
      <div class="top-end">
        <Find />
        <FindButton />
        <ZoneChoice />
        <ThemeButton />
        <Account />
      </div>
    </header>
  );
}

/** The pages at the bottom of a narrow screen. */
export function BottomBar() {
  return (
    <nav class="bottom" aria-label="Pages">
      <PageLinks />
    </nav>
  );
}

/** Pages that belong to one of the links, though their addresses do not begin with its own. */
const WITHIN: Record<string, string> = { "/attendance": "/people", "/usage": "/people" };

function PageLinks() {
  const path = pathname.value;
  return (
    <>
      {PAGES.map((page) => (
        <a
          key={page.path}
          href={page.path}
          aria-current={path === page.path || path.startsWith(`${page.path}/`) || WITHIN[path] === page.path ? "page" : undefined}
        >
          <Icon name={page.icon} />
          {page.name}
          {page.path === "/sessions" && badNow.value > 0 && (
            <span class="bad-now">
              {formatCount(badNow.value)}
              <span class="unseen"> bad now</span>
            </span>
          )}
        </a>
      ))}
    </>
  );
}

export function ThemeButton() {
  const name = { auto: "as the system", light: "light", dark: "dark" }[theme.value];
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Colours: ${name}`}
      title={`Colours: ${name}`}
      onClick={nextTheme}
    >
      <Icon name="half" />
    </button>
  );
}

function Account() {
  return (
    <Popover name="Account" title="Account" label={<Icon name="person" />} isQuiet isAtEnd hasNoChevron>
      {(close) => (
        <div class="account">
          <p>
            <b>
              <bdi>{me.value?.account_name}</bdi>
            </b>
            <span class="faint"> {me.value?.role === "admin" ? "admin" : "read only"}</span>
          </p>
          <AppChoice inPanel />
          <button
            type="button"
            class="quiet"
            onClick={() => {
              close();
              openKeys();
            }}
          >
            Keys
          </button>
          <a class="quiet" href="/docs">
            API documentation
          </a>
          <button type="button" class="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        </div>
      )}
    </Popover>
  );
}

function AppChoice({ inPanel }: { inPanel?: boolean }) {
  const apps = me.value?.apps ?? [];
  const here = app.value;
  if (!here || apps.length < 2) {
    return here ? (
      <span class="app-name">
        <Name name={here.name} />
      </span>
    ) : null;
  }
  return (
    <select
      aria-label={inPanel ? "App of this account" : "App"}
      value={here.id}
      onChange={(event) => {
        chooseApp(event.currentTarget.value);
        const section = PAGES.find((page) => pathname.value.startsWith(page.path));
        go(section?.path ?? "/sessions");
      }}
    >
      {apps.map((one) => (
        <option key={one.id} value={one.id}>
          {isolate(formatName(one.name))}
        </option>
      ))}
    </select>
  );
}
