/* * A test of the network before a call: the available kinds of candidates, and the quality of the
 * path through the relay. `collector.describe({ precall })` adds the result to the record.
 */

export interface PrecallOptions {
  iceServers: RTCIceServer[];
  /** Address of the Aftercall server; when given, the round trip to it is measured too. */
  url?: string | undefined;
  /** How long to wait for candidates of each kind. */
  gatherMs?: number | undefined;
  /** How long to measure the throughput; 0: not at all. */
  throughputMs?: number | undefined;
}

/** The result; a member is absent when it could not be measured, never 0. */
export interface Precall {
  /** Whether there was a candidate of each kind. */
  host: boolean;
  reflexive: boolean;
  relay: boolean;
  /** Whether data went through the relay and came back. */
  turn: boolean;
  effective_type?: string | undefined;
  throughput_kbps?: number | undefined;
  rtt_s?: number | undefined;
  backend_rtt_s?: number | undefined;
  jitter_s?: number | undefined;
  loss_fraction?: number | undefined;
  [member: string]: string | number | boolean | undefined;
}

const PROBES = 40;
const PROBE_EVERY_MS = 25;
const LAST_ECHO_MS = 1_000;
const OPEN_WITHIN_MS = 5_000;
const CHUNK_BYTES = 16_384;
/** Bytes buffered in the channel: enough to keep the path busy, few enough to stop soon. */
const MOST_WAITING_BYTES = 262_144;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves with undefined when `promise` takes longer. */
const within = <T>(promise: Promise<T>, ms: number): Promise<T | undefined> =>
  Promise.race([promise, wait(ms).then(() => undefined)]);

/** The gathered kinds of candidates: `host`, `srflx`, `relay`, … */
async function gather(iceServers: RTCIceServer[], ms: number): Promise<Set<string>> {
  const pc = new RTCPeerConnection({ iceServers });
  const kinds = new Set<string>();
  try {
    pc.createDataChannel("gather");
    const done = new Promise<void>((resolve) => {
      pc.onicecandidate = ({ candidate }) => {
        if (candidate?.type) kinds.add(candidate.type);
        if (!candidate || (kinds.has("relay") && kinds.has("srflx"))) resolve();
      };
    });
    await pc.setLocalDescription(await pc.createOffer());
    await within(done, ms);
  } finally {
    pc.close();
  }
  return kinds;
}

/** Two connections of this page to each other, through the relay only. */
class Loop {
  readonly near: RTCPeerConnection;
  readonly far: RTCPeerConnection;

  constructor(iceServers: RTCIceServer[]) {
    const configuration: RTCConfiguration = { iceServers, iceTransportPolicy: "relay" };
    this.near = new RTCPeerConnection(configuration);
    this.far = new RTCPeerConnection(configuration);
    const trickle = (from: RTCPeerConnection, to: RTCPeerConnection) => {
      from.onicecandidate = ({ candidate }) => {
        if (candidate) to.addIceCandidate(candidate).catch(() => {});
      };
    };
    trickle(this.near, this.far);
    trickle(this.far, this.near);
  }

  /** Opens a channel; returns both its ends, or undefined when it does not open in time. */
  async open(label: string, options?: RTCDataChannelInit) {
    const near = this.near.createDataChannel(label, options);
    const far = new Promise<RTCDataChannel>((resolve) => {
      this.far.addEventListener("datachannel", ({ channel }) => {
        if (channel.label === label) resolve(channel);
      });
    });
    const opened = new Promise<void>((resolve) => {
      near.onopen = () => resolve();
    });
    if (this.near.signalingState === "stable" && !this.near.remoteDescription) {
      await this.near.setLocalDescription(await this.near.createOffer());
      await this.far.setRemoteDescription(this.near.localDescription as RTCSessionDescription);
      await this.far.setLocalDescription(await this.far.createAnswer());
      await this.near.setRemoteDescription(this.far.localDescription as RTCSessionDescription);
    }
    return within(
      Promise.all([far, opened]).then(([channel]) => ({ near, far: channel })),
      OPEN_WITHIN_MS,
    );
  }

  close(): void {
    this.near.close();
    this.far.close();
  }
}

/** Round trip, jitter and loss of small unordered messages that are never sent twice. */
async function probe(loop: Loop): Promise<Partial<Precall>> {
  const channel = await loop.open("probe", { ordered: false, maxRetransmits: 0 });
  if (!channel) return {};
  const trips: number[] = [];
  channel.far.onmessage = ({ data }) => channel.far.send(data);
  channel.near.onmessage = ({ data }) => trips.push(performance.now() - Number(data));
  for (let count = 0; count < PROBES; count++) {
    channel.near.send(String(performance.now()));
    await wait(PROBE_EVERY_MS);
  }
  for (let waited = 0; trips.length < PROBES && waited < LAST_ECHO_MS; waited += 50) await wait(50);
  const loss_fraction = (PROBES - trips.length) / PROBES;
  if (!trips.length) return { loss_fraction };
  return { loss_fraction, ...summary(trips) };
}

/** The median trip, and the mean difference between neighbours, in seconds. */
export function summary(tripsMs: number[]): { rtt_s: number; jitter_s?: number } {
  const sorted = [...tripsMs].sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const steps = tripsMs.slice(1).map((trip, index) => Math.abs(trip - (tripsMs[index] ?? trip)));
  const rtt_s = median / 1_000;
  if (!steps.length) return { rtt_s };
  // The round trip covers both directions; half of its variation is that of one.
  const jitter_s = steps.reduce((sum, step) => sum + step, 0) / steps.length / 2_000;
  return { rtt_s, jitter_s };
}

/** Throughput of the relay in kbit/s, from the first to the last byte that arrived. */
async function measureThroughput(loop: Loop, ms: number): Promise<number | undefined> {
  const channel = await loop.open("throughput");
  if (!channel) return undefined;
  const chunk = new Uint8Array(CHUNK_BYTES);
  let bytes = 0;
  let first = 0;
  let last = 0;
  channel.far.binaryType = "arraybuffer";
  channel.far.onmessage = ({ data }) => {
    last = performance.now();
    if (!first) first = last;
    else bytes += data.byteLength;
  };
  const until = performance.now() + ms;
  while (performance.now() < until && channel.near.readyState === "open") {
    while (channel.near.bufferedAmount < MOST_WAITING_BYTES) channel.near.send(chunk);
    await wait(5);
  }
  return last > first ? Math.round((bytes * 8) / (last - first)) : undefined;
}

async function measureBackend(url: string): Promise<number | undefined> {
  const began = performance.now();
  try {
    await fetch(`${url.replace(/\/$/, "")}/healthz`, { cache: "no-store", mode: "no-cors" });
  } catch {
    return undefined;
  }
  return (performance.now() - began) / 1_000;
}

/** Tests the network. Takes up to about ten seconds; never throws. */
export async function testNetwork(options: PrecallOptions): Promise<Precall> {
  const { iceServers, url, gatherMs = 4_000, throughputMs = 4_000 } = options;
  const found: Precall = { host: false, reflexive: false, relay: false, turn: false };
  const network = (navigator as { connection?: { effectiveType?: string } }).connection;
  found.effective_type = network?.effectiveType;
  if (url) {
    // The first request opens the connection; the second is the round trip.
    await measureBackend(url);
    found.backend_rtt_s = await measureBackend(url);
  }
  try {
    const kinds = await gather(iceServers, gatherMs);
    found.host = kinds.has("host");
    found.reflexive = kinds.has("srflx");
    found.relay = kinds.has("relay");
  } catch {
    // The browser cannot parse the address of a server; the result stays empty.
  }
  if (!found.relay) return found;
  const loop = new Loop(iceServers);
  try {
    const probed = await probe(loop);
    Object.assign(found, probed);
    found.turn = probed.rtt_s !== undefined;
    if (found.turn && throughputMs) {
      found.throughput_kbps = await measureThroughput(loop, throughputMs);
    }
  } catch {
    // The relay failed during the test; the results until then are kept.
  } finally {
    loop.close();
  }
  return found;
}
