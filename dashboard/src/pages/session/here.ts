/** What of the page is in its address: the moment, the person, the open cause, the search among people. */

import { place } from "../../route";

/** The parameters that go along to the pages of a session's people and back. */
const KEPT = ["at", "person", "cause", "find"];

interface LinkHere {
  href: string;
  onPointerDown: (event: Event) => void;
  onClick: (event: Event) => void;
}

/**
 * The attributes of a link to an address of the same session, with the moment and the person of this page. They
 * are looked up when the link is used: if it followed them, each key would render every row.
 */
export function linkHere(address: string): LinkHere {
  const renew = (event: Event): void => {
    (event.currentTarget as HTMLAnchorElement).href = withHere(address);
  };
  return { href: withHere(address), onPointerDown: renew, onClick: renew };
}

function withHere(address: string): string {
  const kept = new URLSearchParams();
  for (const name of KEPT) {
    const value = place.peek().query.get(name);
    if (value) kept.set(name, value);
  }
  const query = kept.toString();
  return query ? `${address}?${query}` : address;
}
