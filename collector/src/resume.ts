/** The peer this tab was before it was loaded again, so that the new one continues it. */

interface Left {
  peer_id: string;
  at: number;
}

/** Longer than a reload takes, shorter than the keep-alive of any meeting. */
const RESUMABLE_MS = 60_000;

/**
 * Where the tab remembers its peer: by server, meeting and participant, so that another
 * participant's peer is never continued. Empty when the token cannot be read.
 */
export function resumeKey(url: string, token: string): string {
  try {
    const part = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const claims = JSON.parse(atob(part));
    return `aftercall ${url} ${claims.meetingId} ${claims.participantId}`;
  } catch {
    return "";
  }
}

/**
 * Remembers, while the page goes away, which peer it was. Only then: a duplicated tab gets a
 * copy of the storage of a tab that is still there, and must not claim to continue it.
 */
export function rememberPeer(key: string, peerId: string, now: number): void {
  if (!key) return;
  const left: Left = { peer_id: peerId, at: now };
  sessionStorage.setItem(key, JSON.stringify(left));
}

/** The peer to continue, once; undefined when there is none or it is too long ago. */
export function takeRememberedPeer(key: string, now: number): string | undefined {
  const text = key && sessionStorage.getItem(key);
  if (!text) return undefined;
  sessionStorage.removeItem(key);
  const left: Left = JSON.parse(text);
  return now - left.at < RESUMABLE_MS ? left.peer_id : undefined;
}
