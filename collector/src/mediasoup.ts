import { describeTrack, screenSource, type TrackInfo } from "./tracks";

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
  _pc?: RTCPeerConnection;
}

interface MediasoupStream {
  id: string;
  producerId?: string;
  paused: boolean;
  track: MediaStreamTrack | null;
  appData?: Record<string, unknown>;
}

export const isMediasoupTransport = (target: object): target is MediasoupTransport =>
  "_producers" in target;

export const isMediasoupDevice = (target: object): target is MediasoupDevice =>
  "createSendTransport" in target;

/** Applications mark a shared screen in `appData`, in one of these ways. */
function isScreen({ source, mediaTag, screenShare, share }: Record<string, unknown>): boolean {
  return !!(screenShare || share || /screen|display|share/i.test(`${source}${mediaTag}`));
}

function describe({ id, producerId, track, appData = {}, paused }: MediasoupStream): void {
  if (!track) return;
  const info: TrackInfo = {
    producer_id: producerId ?? id,
    consumer_id: producerId && id,
    muted: paused,
  };
  if (isScreen(appData)) info.source = screenSource(track);
  if (appData.peerId) info.peer_id = `${appData.peerId}`;
  describeTrack(track, info);
}

/** The transport's current connection; also stores the transport's facts about its tracks. */
export function readTransport(transport: MediasoupTransport): RTCPeerConnection[] {
  transport._producers?.forEach(describe);
  transport._consumers?.forEach(describe);
  const pc = (transport.handler ?? transport._handler)?._pc;
  return pc && !transport.closed ? [pc] : [];
}
