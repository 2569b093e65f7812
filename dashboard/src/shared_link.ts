/** The read link that a page was opened with: the session it shows, and until when. */

import { signal } from "@preact/signals";
import { me } from "./account";
import { get, post, RequestError, whenSignedOut } from "./api/request";
import { forgetAnswers } from "./api/resource";
import type { OpenedReadLink } from "./api/types";
import { aheadOf } from "./clock";
import { go, place, sharedApp, SHARED } from "./route";

/** `undefined` while it is not known, `null` when the link is over or was never good. */
export const sharedLink = signal<OpenedReadLink | null | undefined>(undefined);
/** The error of the last attempt to open it that says nothing about the link. */
export const sharedTrouble = signal<RequestError | null>(null);

/** The code of a link that has not been exchanged yet. */
let code = "";

/** Opens the link of the address, or goes on with the one that was opened before. */
export async function openSharedLink(): Promise<void> {
  whenSignedOut(end);
  sharedTrouble.value = null;
  try {
    const opened = await (isEntry() ? exchange() : look());
    if (opened === null) end();
    else show(opened);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if ([401, 403, 404, 422].includes(error.status)) end();
    else sharedTrouble.value = error;
  }
}

function isEntry(): boolean {
  return location.pathname === SHARED;
}

/** Takes the code out of the address, and the history, before anything is asked for with it. */
async function exchange(): Promise<OpenedReadLink | null> {
  code = location.hash.slice(1) || code;
  if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
  if (!code) return null;
  const opened = await post<OpenedReadLink>("/v1/read-links/open", { code });
  code = "";
  const session = `${SHARED}/${encodeURIComponent(opened.app_id)}/sessions/${encodeURIComponent(opened.session_id)}`;
  go(session + location.search, true);
  return opened;
}

async function look(): Promise<OpenedReadLink | null> {
  const appId = sharedApp();
  const sessionId = /^\/sessions\/([^/]+)/.exec(place.value.path)?.[1];
  if (appId === null || !sessionId) return null;
  return get<OpenedReadLink>(`/v1/apps/${appId}/calls/${sessionId}/read-link`);
}

function show(opened: OpenedReadLink): void {
  aheadOf(opened.now);
  // What pages ask of an account, for somebody who has none: one app, and nothing may be changed.
  me.value = {
    account_id: "",
    account_name: "",
    role: "read",
    app_id: opened.app_id,
    apps: [{ id: opened.app_id, name: "", created_at: 0 }],
    csrf: null,
    expires_at: opened.expires_at,
    version: "",
    now: opened.now,
  };
  sharedLink.value = opened;
}

function end(): void {
  forgetAnswers();
  me.value = null;
  sharedLink.value = null;
}
