/** Stores the peer of this tab across a reload, so that the new peer continues it. */

/** Longer than a reload takes, shorter than the keep-alive of any meeting. */
const RESUMABLE_MS = 60_000;
const KEY = "aftercall";

/* * Stores the peer while the page unloads. Not earlier: a duplicated tab gets a copy of the storage
 * of an open tab, and must not continue that tab's peer.
 */
export function rememberPeer(peerId: string, now: number): void {
  sessionStorage.setItem(KEY, `${peerId} ${now}`);
}

/* * The peer to continue, once; undefined when there is none or it is too old. The server checks
 * that it is the same person in the same meeting.
 */
export function takeRememberedPeer(now: number): string | undefined {
  try {
    const [peerId, leftAt] = sessionStorage.getItem(KEY)?.split(" ") ?? [];
    sessionStorage.removeItem(KEY);
    return now - Number(leftAt) < RESUMABLE_MS ? peerId : undefined;
  } catch {
    // The browser has no storage for this page.
    return undefined;
  }
}
