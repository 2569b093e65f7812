import type { Source } from "./protocol";
import { describeTrack } from "./tracks";

/** The parts of a mediasoup-client `Transport` that are used; its package is never imported. */
export interface MediasoupTransport {
  id: string;
  direction: "send" | "recv";
  closed: boolean;
  handler?: MediasoupHandler;
  _handler?: MediasoupHandler;
  _producers?: Map<string, MediasoupStream>;
  _consumers?: Map<string, MediasoupStream>;
}

/** The parts of a mediasoup-client `Device` that are used. */
export interface MediasoupDevice {
  observer: { on(event: "newtransport", listener: (transport: MediasoupTransport) => void): void };
  createSendTransport: unknown;
}

interface MediasoupHandler {
  pc?: RTCPeerConnection;
  _pc?: RTCPeerConnection;
}

interface MediasoupStream {
  id: string;
  producerId?: string;
  paused: boolean;
  track: MediaStreamTrack | null;
  appData?: Record<string, unknown>;
}

export function isMediasoupTransport(target: unknown): target is MediasoupTransport {
  const transport = target as Partial<MediasoupTransport> | null;
  return !!transport?._producers && !!transport.direction;
}

export function isMediasoupDevice(target: unknown): target is MediasoupDevice {
  const device = target as Partial<MediasoupDevice> | null;
  return !!device?.createSendTransport && typeof device.observer?.on === "function";
}

/** Applications mark a shared screen in `appData`, in one of these ways. */
function sourceFrom(appData: Record<string, unknown>, kind: string): Source | undefined {
  const said = appData.source ?? appData.mediaTag ?? appData.type;
  const isScreen = appData.screenShare || appData.share || /screen|display|share/i.test(`${said}`);
  if (isScreen) return kind === "audio" ? "screen_audio" : "screen";
  if (said) return kind === "audio" ? "microphone" : "camera";
  return undefined;
}

function describe({ id, producerId, track, appData = {}, paused }: MediasoupStream): void {
  if (!track) return;
  const source = sourceFrom(appData, track.kind);
  describeTrack(track, {
    producer_id: producerId ?? id,
    consumer_id: producerId && id,
    muted: paused,
    ...(source && { source }),
    ...(appData.peerId ? { peer_id: `${appData.peerId}` } : {}),
  });
}

/** The transport's connection as it is now; what it knows of its tracks is noted. */
export function readTransport(transport: MediasoupTransport): RTCPeerConnection[] {
  for (const stream of transport._producers?.values() ?? []) describe(stream);
  for (const stream of transport._consumers?.values() ?? []) describe(stream);
  const handler = transport.handler ?? transport._handler;
  const pc = handler?._pc ?? handler?.pc;
  return pc && !transport.closed ? [pc] : [];
}
