/** The parts of a browser that the collector touches, for tests that run in Node. */

import { vi } from "vitest";

export class FakeTrack extends EventTarget {
  enabled = true;
  muted = false;
  readyState = "live";
  contentHint = "";
  label = "A device";
  constructor(
    readonly kind: string,
    readonly id: string,
    private readonly settings: object = { deviceId: `device of ${id}` },
  ) {
    super();
  }
  getSettings(): object {
    return this.settings;
  }
}

export interface FakeTransceiver {
  mid: string | null;
  currentDirection: string | null;
  sender: { track: FakeTrack | null };
  receiver: { track: FakeTrack };
}

export class FakeConnection extends EventTarget {
  signalingState = "stable";
  connectionState = "new";
  iceConnectionState = "new";
  localDescription: { sdp: string } | null = null;
  stats: Record<string, unknown>[] = [];
  transceivers: FakeTransceiver[] = [];
  async getStats(): Promise<Map<string, unknown>> {
    return new Map(this.stats.map((entry) => [String(entry.id), entry]));
  }
  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }
  getSenders(): { track: FakeTrack | null }[] {
    return this.transceivers.map(({ sender }) => sender);
  }
  connect(): void {
    this.connectionState = "connected";
    this.dispatchEvent(new Event("connectionstatechange"));
  }
}

export interface Batch {
  v: number;
  peer_id: string;
  sent_at: number;
  dropped: number;
  token?: string;
  entries: { seq: number; at: number; type: string; [member: string]: unknown }[];
}

/** Stands in for the server: answers as told, and keeps what came. */
export class FakeServer {
  readonly batches: Batch[] = [];
  readonly beacons: Batch[] = [];
  readonly headers: Headers[] = [];
  answers: (() => Response | Promise<Response>)[] = [];
  /** The most requests that were under way together. */
  mostAtOnce = 0;
  #atOnce = 0;
  next = "continue";
  interval_ms = 7_000;
  /** Of samples in a request. */
  together = 1;

  get entries(): Batch["entries"] {
    return this.batches.flatMap((batch) => batch.entries);
  }

  accepted = (): Response =>
    Response.json(
      {
        success: true,
        data: {
          accepted: 0,
          duplicates: 0,
          rejected: [],
          session: { id: "the session", status: "LIVE" },
          interval_ms: this.interval_ms,
          request_interval_ms: this.interval_ms * this.together,
          next: this.next,
        },
      },
      { status: 202 },
    );

  fetch = async (_: string, request: RequestInit): Promise<Response> => {
    const headers = new Headers(request.headers);
    let body = new Response(request.body);
    if (headers.get("content-encoding") === "gzip" && body.body) {
      body = new Response(body.body.pipeThrough(new DecompressionStream("gzip")));
    }
    const batch: Batch = await body.json();
    this.headers.push(headers);
    this.batches.push(batch);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    try {
      return await (this.answers.shift() ?? this.accepted)();
    } finally {
      this.#atOnce--;
    }
  };

  sendBeacon = (_: string, text: string): boolean => {
    this.beacons.push(JSON.parse(text));
    return true;
  };
}

/** Puts a browser's globals in place; gives the server its requests go to. */
export function openBrowser(): FakeServer {
  const server = new FakeServer();
  const page = new EventTarget();
  const kept = new Map<string, string>();
  const canvas = { getContext: (kind: string) => (kind === "webgl" ? {} : null) };
  const shown = { hidden: false, createElement: () => canvas };
  vi.stubGlobal("document", Object.assign(new EventTarget(), shown));
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("dispatchEvent", page.dispatchEvent.bind(page));
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal("navigator", {
    userAgent: "A browser",
    hardwareConcurrency: 4,
    sendBeacon: server.sendBeacon,
  });
  vi.stubGlobal("fetch", server.fetch);
  return server;
}
