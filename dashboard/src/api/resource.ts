import { useEffect, useRef, useState } from "preact/hooks";
import { get, RequestError } from "./request";

const ANSWERS_KEPT = 40;

/** Pauses before the next attempts after a failure that may pass; the last one repeats. */
const RETRY_AFTER_MS = [4_000, 8_000, 15_000, 30_000] as const;
/** No connection, too many requests, and a server or proxy that is busy or restarts. */
const PASSING = [0, 429, 502, 503, 504];

/** Earlier answers by path, so that going back shows them at once. */
const kept = new Map<string, { data: unknown; at: number }>();

export interface Resource<Answer> {
  /** The answer to this path; until it has come, the answer to the path before it. */
  data: Answer | undefined;
  error: RequestError | undefined;
  isLoading: boolean;
  /** Whether `data` is the answer to the current path. */
  isCurrent: boolean;
  /** When `data` came, by the viewer's clock. */
  answeredAt: number | null;
  /** When it is requested again after a failure; `null` if it is not. */
  retryAt: number | null;
  reload: () => void;
  /** Gives up the request under way. */
  stop: () => void;
}

interface State<Answer> {
  path: string | null;
  data: Answer | undefined;
  error: RequestError | undefined;
  isLoading: boolean;
  answeredAt: number | null;
  retryAt: number | null;
}

/** Drops every answer, as at a sign-out. */
export function forgetAnswers(): void {
  kept.clear();
}

/**
 * The server's answer to a path, requested again when the path changes; `null` requests nothing. A
 * failed renewal keeps the data and adds the error; what may pass is requested again by itself.
 */
export function useResource<Answer>(path: string | null): Resource<Answer> {
  const [state, setState] = useState<State<Answer>>(() => begin<Answer>(path, undefined, null));
  const [round, setRound] = useState(0);
  const last = useRef<string | null>(path);
  const failures = useRef(0);
  const underWay = useRef<AbortController | null>(null);

  useEffect(() => {
    if (path === null) return;
    const abort = new AbortController();
    underWay.current = abort;
    let timer = 0;
    const isOther = last.current !== path;
    last.current = path;
    setState((before) =>
      isOther ? begin<Answer>(path, before.data, before.answeredAt) : { ...before, isLoading: true },
    );
    get<Answer>(path, abort.signal).then(
      (data) => {
        if (abort.signal.aborted) return;
        keep(path, data);
        failures.current = 0;
        setState({ path, data, error: undefined, isLoading: false, answeredAt: Date.now(), retryAt: null });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const failure = asRequestError(error);
        const pause = PASSING.includes(failure.status) ? pauseAfter(failures.current++) : null;
        if (pause !== null) timer = window.setTimeout(() => setRound((count) => count + 1), pause);
        const retryAt = pause === null ? null : Date.now() + pause;
        setState((before) => ({ ...before, error: failure, isLoading: false, retryAt }));
      },
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [path, round]);

  return {
    data: state.data,
    error: state.error,
    isLoading: state.isLoading,
    isCurrent: state.path === path && state.data !== undefined,
    answeredAt: state.answeredAt,
    retryAt: state.retryAt,
    reload: () => setRound((count) => count + 1),
    stop: () => {
      underWay.current?.abort();
      const error = new RequestError(0, "stopped", "You stopped it.");
      setState((before) => ({ ...before, error, isLoading: false, retryAt: null }));
    },
  };
}

function pauseAfter(failures: number): number {
  return RETRY_AFTER_MS[Math.min(failures, RETRY_AFTER_MS.length - 1)] ?? 0;
}

function begin<Answer>(
  path: string | null,
  before: Answer | undefined,
  answeredAt: number | null,
): State<Answer> {
  const known = path === null ? undefined : kept.get(path);
  return known === undefined
    ? { path: null, data: before, error: undefined, isLoading: path !== null, answeredAt, retryAt: null }
    : { path, data: known.data as Answer, error: undefined, isLoading: true, answeredAt: known.at, retryAt: null };
}

function keep(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, { data, at: Date.now() });
  const oldest = kept.keys().next().value;
  if (kept.size > ANSWERS_KEPT && oldest !== undefined) kept.delete(oldest);
}

export function asRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError(0, "unforeseen", error instanceof Error ? error.message : String(error));
}
