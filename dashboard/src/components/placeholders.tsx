import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RequestError } from "../api/request";
import type { Resource } from "../api/resource";
import { now } from "../clock";
import { formatTimeWithSeconds } from "../format/time";
import { formatZone } from "../format/zone";
import { Icon } from "./icon";

/** What failed, why, and the button that tries again. */
export function Problem({ error, onRetry }: { error: RequestError; onRetry?: () => void }) {
  return (
    <div class="problem">
      <Icon name="alert" />
      <p role="alert">
        <strong>{titleOf(error)}</strong> {error.message} <code>{error.code}</code>
      </p>
      {onRetry && (
        <button type="button" class="choice" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/**
 * The error of a resource, if it has one, and when it is requested again. Data that came before stays
 * on the page and is called stale.
 */
export function Trouble({ resource }: { resource: Resource<unknown> }) {
  const { error, data, answeredAt } = resource;
  if (!error) return null;
  const isStale = data !== undefined && answeredAt !== null;
  return (
    <div class={isStale ? "problem stale" : "problem"}>
      <Icon name="alert" />
      <p role="alert">
        {isStale ? (
          <>
            <strong>
              {error.status === 0 ? "No connection" : "Not renewed"} since {formatTimeWithSeconds(answeredAt)}{" "}
              {formatZone(answeredAt)}.
            </strong>{" "}
            Shown as of then. {error.status !== 0 && error.message}
          </>
        ) : (
          <>
            <strong>{titleOf(error)}</strong> {error.message}
          </>
        )}
      </p>
      {resource.retryAt !== null && <Countdown to={resource.retryAt} />}
      <button type="button" class="choice" onClick={resource.reload}>
        {resource.retryAt === null ? "Try again" : "Now"}
      </button>
    </div>
  );
}

/** The class of what shows a resource: `stale` while an earlier answer stands there, `cut` when it could
 * not be renewed. */
export function listClass(resource: Pick<Resource<unknown>, "isCurrent" | "error">, name = ""): string {
  return [name, "list", resource.isCurrent ? "" : "stale", resource.error ? "cut" : ""].filter(Boolean).join(" ");
}

/** Not read out: it changes every second. */
function Countdown({ to }: { to: number }) {
  // The clock's tick renders this again.
  const isTicking = now.value > 0;
  const seconds = Math.max(0, Math.ceil((to - Date.now()) / 1000));
  return isTicking ? <span aria-hidden="true">Again in {seconds} s.</span> : null;
}

/** A page that could not be read: a head that says so, and what to do. */
export function Failed({ what, resource }: { what: string; resource: Resource<unknown> }) {
  if (resource.error?.status === 404) {
    return (
      <NotFound title={`There is no such ${what} here`}>
        The link may be cut off, the {what} may have been deleted, or it belongs to another account.{" "}
        <a href="/sessions">To the sessions</a>
      </NotFound>
    );
  }
  return (
    <div class="page">
      <h1>This {what} could not be read</h1>
      <Trouble resource={resource} />
    </div>
  );
}

function titleOf(error: RequestError): string {
  if (error.status === 0) return "No connection.";
  if (error.status === 404) return "Not found.";
  if (error.status === 403) return "Not allowed.";
  if (error.status === 503 || error.status === 429) return "The server is busy.";
  return error.status >= 500 ? "The server failed." : "That did not work.";
}

/** A page of which there is nothing to show. */
export function NotFound({ title, children }: { title: string; children?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Aftercall`;
  }, [title]);
  return (
    <div class="empty">
      <h1>{title}</h1>
      {children && <div>{children}</div>}
    </div>
  );
}

/** An empty list. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div>{children}</div>}
    </div>
  );
}

const SLOW_MS = 5_000;

/** Grey bars in place of text that is loading; after five seconds a sentence says that it takes long. */
export function Skeleton(props: { lines?: number; isTall?: boolean; onStop?: () => void }) {
  const { lines = 6, isTall = false, onStop } = props;
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class={isTall ? "skeleton tall" : "skeleton"} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
      {isSlow && (
        <p class="slow">
          This takes long.
          {onStop && (
            <button type="button" class="quiet" onClick={onStop}>
              Stop
            </button>
          )}
        </p>
      )}
    </div>
  );
}
