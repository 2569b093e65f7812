/** The server's clock, by which the durations of live sessions are counted. */

import { signal } from "@preact/signals";

let ahead_ms = 0;

/** Now, in the server's time, renewed every second while the page is visible. */
export const now = signal(Date.now());

/** Takes the server's `now` of an answer that just came. */
export function aheadOf(serverNow: number): void {
  ahead_ms = serverNow - Date.now();
  now.value = serverNow;
}

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now() + ahead_ms;
  }, 1000);
}
