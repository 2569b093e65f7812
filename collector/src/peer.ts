import { makeOutbox, type Outbox } from "./outbox";
import type { Answer, Description, EntryBody } from "./protocol";
import { rememberPeer, takeRememberedPeer } from "./resume";
import { makeSender, type Sender, type Token } from "./sender";
import { describeSurroundings } from "./device_environment";

export type State =
  /** Nothing was acknowledged yet. */
  | "joining"
  /** The server accepts the entries. */
  | "joined"
  /** `leave` was called. */
  | "left"
  /** The peer was removed. */
  | "kicked"
  /** The session is over. */
  | "ended"
  /** The server refused the token, or no token could be fetched. */
  | "refused";

export interface PeerOptions {
  /** Address of the Aftercall server, such as `https://calls.example.com`. */
  url: string;
  /** The participant token, or a function that fetches one; called up to ten times in a row. */
  token: Token;
  displayName?: string | undefined;
  /** A recorder or another silent listener: recorded, but not counted. */
  isHidden?: boolean | undefined;
  /** The sampling interval in ms, until the server asks for another. */
  intervalMs?: number | undefined;
  /** Facts about the peer that the collector cannot find out. */
  describe?: Description | undefined;
  /** The record's state, each time it changes. */
  onState?: ((state: State, sessionId: string | undefined) => void) | undefined;
  /** Something went wrong inside the collector; nothing is ever thrown. */
  onError?: ((error: unknown) => void) | undefined;
}

/** This page as a peer of the server: its state and its waiting entries. */
export interface Peer {
  id: string;
  sessionId: string | undefined;
  state: State;
  intervalMs: number;
  isOver(): boolean;
  /** From when on samples are sent; until then they wait, at first for the answer to the join. */
  dueAt: number;
  /** Queues an entry; after the leave only with `isLate`. */
  add(entry: EntryBody, isLate?: boolean): void;
  /** Sends the waiting entries; `now` ignores the back-off. */
  flush(now?: boolean): Promise<void>;
  leave(): Promise<void>;
  /** The page is being hidden or unloaded, and may come back. */
  hide(): void;
  comeBack(): void;
}

const MAX_WAITING_ENTRIES = 2_000;
const MAX_WAITING_CHARS = 2_000_000;
const DEFAULT_INTERVAL_MS = 7_000;
/** How long an event waits for others, to be sent in one batch. */
const GATHER_MS = 400;
/** A session that ended when a request was due for so long ended because of the silence: half an
 * interval less than the server waits for. */
const LOST_TOUCH_MS = 26_000;

/** A random UUID. */
export const newId = () => crypto.randomUUID();

/**
 * Joins at once. `isGoingOn` tells whether the call itself is still connected, `onOver` is called
 * when the server wants nothing more.
 */
export function makePeer(
  options: PeerOptions,
  onState: (state: State, sessionId?: string) => void,
  onError: (error: unknown) => void,
  isGoingOn: () => boolean,
  onOver: () => void,
): Peer {
  const { url, token } = options;
  let outbox: Outbox;
  let sender: Sender | undefined;
  let gathering: ReturnType<typeof setTimeout> | undefined;

  const become = (state: State) => {
    peer.state = state;
    onState(state, peer.sessionId);
  };

  const finish = (state: State) => {
    sender?.stop();
    clearTimeout(gathering);
    become(state);
    onOver();
  };

  const answered = (answer: Answer) => {
    const lostTouch = Date.now() - peer.dueAt > LOST_TOUCH_MS;
    peer.sessionId = answer.session?.id ?? peer.sessionId;
    peer.intervalMs = answer.interval_ms;
    // By time, as a hidden page takes samples half as often, and is to be heard from as often.
    peer.dueAt = Date.now() + answer.request_interval_ms - peer.intervalMs / 2;
    if (answer.rejected[0]) onError(new Error(`Rejected: ${JSON.stringify(answer.rejected)}`));
    if (peer.isOver()) return;
    if (answer.next === "continue") {
      if (peer.state === "joining") become("joined");
    } else if (answer.next === "ended" && lostTouch && isGoingOn()) join();
    else finish(answer.next);
  };

  /** Begins a new peer: its own id, its own numbering. */
  const join = (previous_peer_id?: string) => {
    sender?.stop();
    peer.id = newId();
    outbox = makeOutbox(MAX_WAITING_ENTRIES, MAX_WAITING_CHARS);
    sender = makeSender({
      url: `${url.replace(/\/$/, "")}/v1/collect`,
      token,
      peerId: peer.id,
      outbox,
      onAnswer: answered,
      onRefused(reason) {
        onError(reason);
        finish("refused");
      },
    });
    become("joining");
    peer.add({
      type: "join",
      interval_ms: peer.intervalMs,
      previous_peer_id,
      display_name: options.displayName,
      is_hidden: options.isHidden,
    });
    peer.add({ type: "describe", ...describeSurroundings(), ...options.describe });
  };

  const peer: Peer = {
    id: "",
    sessionId: undefined,
    state: "joining",
    dueAt: Number.POSITIVE_INFINITY,
    intervalMs: options.intervalMs ?? DEFAULT_INTERVAL_MS,
    isOver: () => !/^join/.test(peer.state),
    add(entry, isLate) {
      if (peer.isOver() && !(isLate && peer.state === "left")) return;
      outbox.add(entry, Date.now());
      if (entry.type === "sample") return;
      clearTimeout(gathering);
      gathering = setTimeout(() => peer.flush(), GATHER_MS);
    },
    flush: async (now) => sender?.flush(now),
    async leave() {
      peer.add({ type: "leave" });
      clearTimeout(gathering);
      become("left");
      await peer.flush(true);
      if (outbox.waiting.length) sender?.beacon();
      onOver();
    },
    hide() {
      peer.add({ type: "leave" });
      clearTimeout(gathering);
      sender?.beacon();
      sender?.stop();
      rememberPeer(peer.id, Date.now());
    },
    comeBack: () => join(takeRememberedPeer(Date.now())),
  };
  peer.comeBack();
  return peer;
}
