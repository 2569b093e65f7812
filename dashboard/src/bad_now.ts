/** How many live sessions are bad for somebody, for the bar on every page. */

import { effect, signal } from "@preact/signals";
import { app } from "./account";
import { get, withQuery } from "./api/request";
import type { SessionListPage, SessionRow } from "./api/types";
import { isShared } from "./route";

const ASKED_EVERY_MS = 30_000;
const SOON_MS = 2_000;
const MOST_SOON = 5;

export const badNow = signal(0);

/** The bad ones of live sessions. */
export function countBad(live: readonly SessionRow[]): number {
  return live.filter((call) => call.quality?.level === 1).length;
}

/** Keeps the count up to date, on pages that can be seen. */
export function watchBadNow(): void {
  let timer = 0;
  const ask = async (appId: string, asked: number): Promise<void> => {
    let isJudged = true;
    if (!document.hidden) {
      const path = withQuery(`/v1/apps/${encodeURIComponent(appId)}/calls`, { limit: "1" });
      try {
        const { live } = await get<SessionListPage>(path);
        badNow.value = countBad(live);
        isJudged = live.every((call) => call.quality !== null);
      } catch {
        // The page itself says that the server cannot be reached.
        badNow.value = 0;
      }
    }
    if (app.peek()?.id !== appId) return;
    // The first request after a while begins the judgement of a session and does not wait for it.
    const isSoon = !isJudged && asked < MOST_SOON;
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(appId, isSoon ? asked + 1 : 0), isSoon ? SOON_MS : ASKED_EVERY_MS);
  };
  effect(() => {
    clearTimeout(timer);
    badNow.value = 0;
    const appId = app.value?.id;
    if (appId && !isShared()) void ask(appId, 0);
  });
}
