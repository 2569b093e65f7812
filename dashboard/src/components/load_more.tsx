import { useEffect, useState } from "preact/hooks";
import { get, withQuery } from "../api/request";
import { asRequestError } from "../api/resource";

/** Pages of a hundred that are loaded at a time for paper; longer lists belong in a file. */
const MOST_PAGES = 20;

/** Adds the following pages of a list to its first one. */
export function useLoadMore<Item>(
  path: string,
  first: { items: Item[]; next_cursor: string | null } | undefined,
  pick: (answer: unknown) => { items: Item[]; next_cursor: string | null },
) {
  const [more, setMore] = useState<{ items: Item[]; next: string | null } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => setMore(null), [first]);
  const next = more ? more.next : (first?.next_cursor ?? null);
  const loadUpTo = async (pages: number): Promise<void> => {
    let items = more?.items ?? [];
    let cursor = next;
    try {
      for (let count = 0; count < pages && cursor !== null; count += 1) {
        const page = pick(await get<unknown>(withQuery(path, { cursor, limit: "100" })));
        items = [...items, ...page.items];
        cursor = page.next_cursor;
        setMore({ items, next: cursor });
      }
      setProblem(null);
    } catch (error) {
      setProblem(asRequestError(error).message);
    }
  };
  return {
    items: [...(first?.items ?? []), ...(more?.items ?? [])],
    hasMore: next !== null,
    load: () => loadUpTo(1),
    /** Loads what follows, up to `MOST_PAGES`. */
    loadAll: () => loadUpTo(MOST_PAGES),
    problem,
  };
}

export function LoadMoreButton({ list }: { list: { hasMore: boolean; load: () => Promise<void>; problem: string | null } }) {
  if (!list.hasMore) return null;
  return (
    <p class="more">
      <button type="button" class="choice" onClick={() => void list.load()}>
        Show more
      </button>
      {list.problem && <span class="field-problem"> {list.problem}</span>}
    </p>
  );
}
