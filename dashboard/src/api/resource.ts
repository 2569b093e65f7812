import { useEffect, useRef, useState } from "preact/hooks";
import { get, RequestError } from "./request";

const ANSWERS_KEPT = 40;

/** Earlier answers by path, so that going back shows them at once. */
const kept = new Map<string, unknown>();

export interface Resource<Answer> {
  /** The answer to this path; until it has come, the answer to the path before it. */
  data: Answer | undefined;
  error: RequestError | undefined;
  isLoading: boolean;
  /** Whether `data` is the answer to the current path. */
  isCurrent: boolean;
  reload: () => void;
}

interface State<Answer> {
  path: string | null;
  data: Answer | undefined;
  error: RequestError | undefined;
  isLoading: boolean;
}

/** Drops every answer, as at a sign-out. */
export function forgetAnswers(): void {
  kept.clear();
}

/**
 * The server's answer to a path, requested again when the path changes; `null` requests nothing. A
 * failed renewal keeps the data and adds the error.
 */
export function useResource<Answer>(path: string | null): Resource<Answer> {
  const [state, setState] = useState<State<Answer>>(() => begin<Answer>(path, undefined));
  const [round, setRound] = useState(0);
  const last = useRef<string | null>(path);

  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    const isOther = last.current !== path;
    last.current = path;
    setState((before) =>
      isOther ? begin<Answer>(path, before.data) : { ...before, isLoading: true },
    );
    get<Answer>(path, abort.signal).then(
      (data) => {
        if (abort.signal.aborted) return;
        keep(path, data);
        setState({ path, data, error: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState((before) => ({ ...before, error: asRequestError(error), isLoading: false }));
      },
    );
    return () => abort.abort();
  }, [path, round]);

  return {
    data: state.data,
    error: state.error,
    isLoading: state.isLoading,
    isCurrent: state.path === path && state.data !== undefined,
    reload: () => setRound((count) => count + 1),
  };
}

function begin<Answer>(path: string | null, before: Answer | undefined): State<Answer> {
  const known = path === null ? undefined : (kept.get(path) as Answer | undefined);
  return known === undefined
    ? { path: null, data: before, error: undefined, isLoading: path !== null }
    : { path, data: known, error: undefined, isLoading: true };
}

function keep(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, data);
  const oldest = kept.keys().next().value;
  if (kept.size > ANSWERS_KEPT && oldest !== undefined) kept.delete(oldest);
}

export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError(0, "unforeseen", error instanceof Error ? error.message : String(error));
}
