/** Where the list of sessions is, with the filters with which it was last seen. */

import { effect, signal } from "@preact/signals";
import { place } from "../../route";

const PATH = "/sessions";
const last = signal(PATH);

effect(() => {
  const { path, query } = place.value;
  if (path !== PATH) return;
  const text = query.toString();
  last.value = text ? `${PATH}?${text}` : PATH;
});

export function listAddress(): string {
  return last.value;
}
