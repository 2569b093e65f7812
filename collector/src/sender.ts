import { firstThatFit, type Outbox, type Waiting } from "./outbox";
import { type Answer, PROTOCOL_VERSION } from "./protocol";

/** A string, or a function that fetches a new one when the server refuses the last. */
export type Token = string | (() => string | Promise<string>);

export interface SenderOptions {
  url: string;
  token: Token;
  peerId: string;
  outbox: Outbox;
  /** The server answered a batch. */
  onAnswer(answer: Answer): void;
  /** The server accepts no more entries of this peer, or no valid token could be fetched. */
  onRefused(reason: unknown): void;
}

export interface Sender {
  /**
   * Sends the waiting entries, or an empty batch (a heartbeat). One request at a time; after a
   * failure not before the back-off has passed, unless `now`.
   */
  flush(now?: boolean): Promise<void>;
  /** Passes the waiting entries to the browser, which sends them while the page unloads. */
  beacon(): void;
  stop(): void;
}

const MAX_ENTRIES = 500;
const MAX_CHARS = 256_000;
const TIMEOUT_MS = 15_000;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** The collector gives up after so many tokens in a row that were refused or could not be fetched,
 * which takes two to four minutes. */
const MOST_TOKENS = 10;
/** Below this, compressing costs more than it saves. */
const WORTH_COMPRESSING = 1_000;
/** Browsers refuse beacons over 64 KiB in total; UTF-8 may need more bytes than characters. */
const BEACON_CHARS = 40_000;

function compress(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** How long to wait before attempt `failures + 1`: doubling, with full jitter. */
export function backoffMs(failures: number, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
  return (ceiling * (1 + random)) / 2;
}

function batch(options: SenderOptions, entries: readonly Waiting[], token?: string): string {
  const head = JSON.stringify({
    v: PROTOCOL_VERSION,
    peer_id: options.peerId,
    sent_at: Date.now(),
    dropped: options.outbox.dropped,
    token,
  });
  return `${head.slice(0, -1)},"entries":[${entries.map((entry) => entry.text)}]}`;
}

export function makeSender(options: SenderOptions): Sender {
  const { outbox, url } = options;
  let token = "";
  /** Tokens fetched since the server last accepted one. */
  let asked = 0;
  let failures = 0;
  let notBefore = 0;
  let isStopped = false;
  let running: Promise<void> | undefined;
  let again = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const later = (leastMs = 0) => {
    const delayMs = Math.max(leastMs, backoffMs(failures++, Math.random()));
    notBefore = Date.now() + delayMs;
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(() => sender.flush(true), delayMs);
  };

  const fetchToken = (fetched: () => string | Promise<string>) =>
    Promise.race([
      fetched(),
      new Promise<never>((_, reject) => {
        setTimeout(reject, TIMEOUT_MS, new Error("No token came."));
      }),
    ]);

  const post = async (entries: readonly Waiting[]): Promise<Response> => {
    if (!token) {
      asked++;
      token = typeof options.token === "string" ? options.token : await fetchToken(options.token);
    }
    let body: BodyInit = batch(options, entries);
    const headers: Record<string, string> = {
      Authorization: `Bearer ${token}`,
      "Content-Type": "application/json",
    };
    if (body.length > WORTH_COMPRESSING && globalThis.CompressionStream) {
      body = await compress(body);
      headers["Content-Encoding"] = "gzip";
    }
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return fetch(url, { method: "POST", headers, body, signal });
  };

  const giveUp = (reason: unknown) => {
    isStopped = true;
    options.onRefused(reason);
  };

  /** Handles a refusal: the batch is sent again later, or never. */
  const failed = async (response: Response, entries: readonly Waiting[]) => {
    const { status } = response;
    if (status === 401 && typeof options.token === "function" && asked < MOST_TOKENS) {
      token = "";
      later();
    } else if (status > 400 && status < 405) {
      giveUp(new Error(await response.text()));
    } else if (status === 429 || status >= 500) {
      later(Number(response.headers.get("retry-after")) * 1_000 || 0);
    } else {
      outbox.remove(entries);
      outbox.dropped += entries.length;
    }
  };

  const once = async () => {
    const entries = firstThatFit(outbox.waiting.slice(0, MAX_ENTRIES), MAX_CHARS);
    const response = await post(entries);
    if (!response.ok) return failed(response, entries);
    const { data } = await response.json();
    outbox.remove(entries);
    failures = 0;
    asked = 0;
    again ||= outbox.waiting.length > 0;
    options.onAnswer(data);
  };

  const run = async () => {
    try {
      do {
        again = false;
        await once();
      } while (again && !isStopped && Date.now() >= notBefore);
    } catch (error) {
      // Without a token, fetching the token failed, not the network.
      if (!token && asked >= MOST_TOKENS) giveUp(error);
      else later();
    }
    running = undefined;
  };

  const sender: Sender = {
    async flush(now) {
      if (now) notBefore = 0;
      if (isStopped || Date.now() < notBefore) return;
      again = true;
      await (running ??= run());
    },
    beacon() {
      if (!token) return;
      // The end of the queue holds the leave, so the newest entries are sent when not all fit.
      const newest = firstThatFit(outbox.waiting.slice(-MAX_ENTRIES).reverse(), BEACON_CHARS);
      navigator.sendBeacon(url, batch(options, newest.reverse(), token));
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
  return sender;
}
