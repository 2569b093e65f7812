/** What of the page is in its address: the moment, the person, the open cause, the search among people. */

import { place } from "../../route";

/** The parameters that go along to the pages of a session's people and back. */
const KEPT = ["at", "person", "cause", "find"];

/** An address of the same session, with the moment and the person of this page. */
export function withHere(address: string): string {
  const kept = new URLSearchParams();
  for (const name of KEPT) {
    const value = place.value.query.get(name);
    if (value) kept.set(name, value);
  }
  const query = kept.toString();
  return query ? `${address}?${query}` : address;
}
