import type { ComponentChildren } from "preact";
import type { RequestError } from "../api/request";

/** Why something is not there, and the way on. */
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

/** A designed nothing. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div class="faint">{children}</div>}
    </div>
  );
}

/** Grey lines where text will be, as high as what comes. */
export function Skeleton({ lines = 6, isTall = false }: { lines?: number; isTall?: boolean }) {
  return (
    <div class={isTall ? "skeleton tall" : "skeleton"} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}
