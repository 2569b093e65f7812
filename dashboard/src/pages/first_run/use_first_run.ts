import { useRef } from "preact/hooks";
import type { Resource } from "../../api/resource";
import type { SessionListPage } from "../../api/types";

/**
 * Whether the app had no session when the list was opened: then the steps stay, and tick, until the
 * page is left. `isWhole`: the list has no filter.
 */
export function useFirstRun(list: Resource<SessionListPage>, isWhole: boolean): boolean {
  const isFirst = useRef(false);
  const { data } = list;
  if (isWhole && list.isCurrent && data && data.total === 0 && !data.items.length && !data.live.length) {
    isFirst.current = true;
  }
  return isFirst.current && isWhole;
}
