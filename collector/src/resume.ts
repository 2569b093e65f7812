/** The peer this tab was before it was loaded again, so that the new one continues it. */

/** Longer than a reload takes, shorter than the keep-alive of any meeting. */
const RESUMABLE_MS = 60_000;
const KEY = "aftercall";

/**
 * Remembers, while the page goes away, which peer it was. Only then: a duplicated tab gets a
 * copy of the storage of a tab that is still there, and must not claim to continue it.
 */
export function rememberPeer(peerId: string, now: number): void {
  sessionStorage.setItem(KEY, `${peerId} ${now}`);
}

/**
 * The peer to continue, once; undefined when there is none or it is too long ago. Whether it was
 * the same person's in the same meeting is for the server to say.
 */
export function takeRememberedPeer(now: number): string | undefined {
  try {
    const [peerId, leftAt] = sessionStorage.getItem(KEY)?.split(" ") ?? [];
    sessionStorage.removeItem(KEY);
    return now - Number(leftAt) < RESUMABLE_MS ? peerId : undefined;
  } catch {
    // The browser keeps nothing for this page.
    return undefined;
  }
}
