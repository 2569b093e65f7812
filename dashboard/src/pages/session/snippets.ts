/** Requests for the same data, to copy. */

export interface Snippets {
  curl: string;
  python: string;
}

export interface Wanted {
  origin: string;
  accountId: string;
  appId: string;
  sessionId: string;
  peerId?: string;
}

/** How to ask RealtimeKit's operation for this session, or for a peer's report. */
export function snippetsFor(wanted: Wanted): Snippets {
  const { origin, accountId, appId, sessionId, peerId } = wanted;
  const kit = kitPath(accountId, appId);
  const rest = peerId ? `sessions/peer-report/${peerId}` : `sessions/${sessionId}`;
  const call = peerId
    ? `get_participant_data_from_peer_id(\n    ${quote(peerId)},`
    : `get_session_details(\n    session_id=${quote(sessionId)},`;
  return {
    curl: `curl -H "Authorization: Bearer $AFTERCALL_TOKEN" \\\n  ${shell(`${origin}${kit}/${rest}`)}`,
    python: `import os

from cloudflare import Cloudflare

client = Cloudflare(
    base_url=${quote(`${origin}/client/v4`)},
    api_token=os.environ["AFTERCALL_TOKEN"],
)
answer = client.realtime_kit.sessions.${call}
    account_id=${quote(accountId)},
    app_id=${quote(appId)},
)
print(answer)`,
  };
}

/** The path prefix of RealtimeKit's operations of an app. */
export function kitPath(accountId: string, appId: string): string {
  return `/client/v4/accounts/${encodeURIComponent(accountId)}/realtime/kit/${encodeURIComponent(appId)}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
