import type { ComponentChildren } from "preact";
import type { RequestError } from "../api/request";

/** Why something is missing, and what to do. */
export function Problem({ error, onRetry }: { error: RequestError; onRetry?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{titleOf(error)}</strong> {error.message}
      </p>
      <p class="faint">
        <code>{error.code}</code>
        {onRetry && (
          <button type="button" class="quiet" onClick={onRetry}>
            Try again
          </button>
        )}
      </p>
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

/** An empty list or page. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div class="faint">{children}</div>}
    </div>
  );
}

/** Grey lines in place of text that is loading, of its height. */
export function Skeleton({ lines = 6, isTall = false }: { lines?: number; isTall?: boolean }) {
  return (
    <div class={isTall ? "skeleton tall" : "skeleton"} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}
