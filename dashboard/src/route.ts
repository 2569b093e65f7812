/** The current page: the address bar as a signal, and links that do not reload the page. */

import { computed, type ReadonlySignal, signal } from "@preact/signals";

export interface Place {
  path: string;
  query: URLSearchParams;
  /** Grows with every navigation, so that a page notices that it was opened again. */
  step: number;
}

interface Kept {
  scrollY?: number;
}

/** Paths that the server answers itself. */
const NOT_OURS =
  /^\/(client|v1|v2|api|accounts|docs|downloads|collector|try|healthz|readyz|metrics)(\/|$)/;

/** The page that a read link leads to. Pages that were opened with one are below it and the app's id. */
export const SHARED = "/shared";

/** The parameter of the chosen time zone, which goes along to every page. */
export const ZONE_PARAMETER = "tz";

export const place = signal<Place>(read(0));

/** The path alone: whoever reads it is not rendered again when the query changes. */
export const pathname = computed(() => place.value.path);

const parameters = new Map<string, ReadonlySignal<string | null>>();

/** A parameter of the query alone: whoever reads it is not rendered again when another one changes. */
export function parameter(name: string): ReadonlySignal<string | null> {
  let found = parameters.get(name);
  if (!found) {
    found = computed(() => place.value.query.get(name));
    parameters.set(name, found);
  }
  return found;
}

function read(step: number): Place {
  const path = location.pathname.slice(prefix().length) || "/";
  return { path, query: new URLSearchParams(location.search), step };
}

/** Whether the page was opened with a read link. It stays so: no link leads in or out. */
export function isShared(): boolean {
  return location.pathname === SHARED || location.pathname.startsWith(`${SHARED}/`);
}

/** The app's id in the address of a shared page, as it stands there. */
export function sharedApp(): string | null {
  return /^\/shared\/([^/]+)/.exec(location.pathname)?.[1] ?? null;
}

/** What the addresses of a shared page have before the path of the same page elsewhere. */
function prefix(): string {
  const id = sharedApp();
  return id === null ? "" : `${SHARED}/${id}`;
}

/** Whether a page can be reached from this one: of a shared page only those of its session. */
export function canGo(address: string): boolean {
  if (!isShared()) return true;
  const own = /^\/sessions\/[^/]+/.exec(place.value.path)?.[0];
  const { pathname } = new URL(address, location.origin);
  const path = pathname.startsWith(`${prefix()}/`) ? pathname.slice(prefix().length) : pathname;
  return own !== undefined && (path === own || path.startsWith(`${own}/`));
}

/** The address in the browser of one of our pages. */
function withPrefix(address: string): string {
  const before = prefix();
  return before && !address.startsWith(`${SHARED}/`) ? before + address : address;
}

/** Goes to an address of ours; `replace` replaces the one in the history instead of adding to it. */
export function go(address: string, replace = false): void {
  move(withPrefix(withZone(address)), replace);
}

/** The address with the time zone of this page, if one was chosen and it has none. */
function withZone(address: string): string {
  const here = new URLSearchParams(location.search).get(ZONE_PARAMETER);
  const url = new URL(address, location.origin);
  if (here === null || url.searchParams.has(ZONE_PARAMETER)) return address;
  url.searchParams.set(ZONE_PARAMETER, here);
  return url.pathname + url.search;
}

function move(address: string, replace: boolean): void {
  const now = location.pathname + location.search;
  if (address === now) return;
  const staysOnPage = new URL(address, location.origin).pathname === location.pathname;
  if (replace) {
    history.replaceState(history.state, "", address);
  } else {
    history.replaceState({ scrollY } satisfies Kept, "");
    history.pushState({}, "", address);
  }
  place.value = read(place.value.step + 1);
  if (!replace && !staysOnPage) scrollTo(0, 0);
}

/** Changes query parameters of this page; `null` and the empty text remove one. */
export function goQuery(changes: Record<string, string | null>, replace = false): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  move(text ? `${location.pathname}?${text}` : location.pathname, replace);
}

/** Listens to links and to the browser's own buttons; call once. */
export function startRouting(): void {
  history.scrollRestoration = "manual";
  addEventListener("popstate", (event) => {
    place.value = read(place.value.step + 1);
    const scrolled = (event.state as Kept | null)?.scrollY ?? 0;
    // The page that comes back has its answer already, but is drawn only after this task.
    requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, scrolled)));
  });
  // A link that is opened in a new tab, or copied, has the zone too.
  document.addEventListener("pointerdown", (event) => {
    const link = (event.target as Element).closest("a");
    if (link && isOurs(link) && canGo(link.pathname)) link.href = withPrefix(withZone(link.pathname + link.search)) + link.hash;
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest("a");
    if (!link || link.target || link.hasAttribute("download")) return;
    if (!isOurs(link)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    if (!canGo(link.pathname)) return;
    go(link.pathname + link.search);
  });
}

function isOurs(link: HTMLAnchorElement): boolean {
  return link.origin === location.origin && !NOT_OURS.test(link.pathname);
}

/** The parts of a path that `:` names in the pattern; `null` if it does not match. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const here = given[index] ?? "";
    if (part.startsWith(":")) {
      try {
        found[part.slice(1)] = decodeURIComponent(here);
      } catch {
        return null;
      }
    } else if (part !== here) return null;
  }
  return found;
}
