import { useEffect, useState } from "preact/hooks";
import { get, withQuery } from "../api/request";
import { asRequestError } from "../api/resource";

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
  const load = async (): Promise<void> => {
    try {
      const page = pick(await get<unknown>(withQuery(path, { cursor: next, limit: "100" })));
      setMore({ items: [...(more?.items ?? []), ...page.items], next: page.next_cursor });
      setProblem(null);
    } catch (error) {
      setProblem(asRequestError(error).message);
    }
  };
  return { items: [...(first?.items ?? []), ...(more?.items ?? [])], hasMore: next !== null, load, problem };
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
