/** Tokens that the snippets need, made on request and kept until the page is loaded again. */

import { signal } from "@preact/signals";
import { me } from "../../account";
import { post } from "../../api/request";
import type { MadeToken } from "../../api/types";

export interface TestToken {
  secret: string;
  /** When it ends, ms since 1970; `null`: when it is revoked. */
  expiresAt: number | null;
}

const MEETING = "Test meeting";
const PERSON = "Test person";

/** By app and kind. */
const made = signal<ReadonlyMap<string, TestToken>>(new Map());

export function knownToken(appId: string, kind: "participant" | "api"): TestToken | undefined {
  return made.value.get(`${appId} ${kind}`);
}

export async function makeToken(appId: string, kind: "participant" | "api"): Promise<void> {
  const token = await (kind === "participant" ? makeParticipant(appId) : makeApiToken(appId));
  made.value = new Map(made.value).set(`${appId} ${kind}`, token);
}

/** A participant of a new meeting. */
async function makeParticipant(appId: string): Promise<TestToken> {
  const kit = `/client/v4/accounts/${me.value?.account_id}/realtime/kit/${encodeURIComponent(appId)}`;
  const meeting = await post<{ id: string }>(`${kit}/meetings`, { title: MEETING });
  const added = await post<{ token: string; token_expires_at: string }>(
    `${kit}/meetings/${encodeURIComponent(meeting.id)}/participants`,
    {
      name: PERSON,
      custom_participant_id: "test-person",
      preset_name: "group_call_participant",
    },
  );
  return { secret: added.token, expiresAt: Date.parse(added.token_expires_at) };
}

/** For the app alone; a server that sends events has to write. */
async function makeApiToken(appId: string): Promise<TestToken> {
  const { secret } = await post<MadeToken>("/v1/tokens", { name: "Janus", role: "admin", app_id: appId });
  return { secret, expiresAt: null };
}
