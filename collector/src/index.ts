/* * Reports the WebRTC calls of this page to an Aftercall server.
 *
 * No function throws into the application or changes its connections.
 */

import { type Collector, makeCollector, type Options, type Target } from "./collector";

export type {
  ChatOptions,
  Collector,
  Feedback,
  LineOptions,
  Options,
  Target,
} from "./collector";
export { watchPage } from "./patch_webrtc";
export type { State } from "./peer";
export type { Description, DeviceEntry, EventData, MessageKind, Source } from "./protocol";
export { describeTrack, type TrackInfo } from "./tracks";

/**
 * Joins with the participant's token and watches `target`: an `RTCPeerConnection`, `"page"` (every
 * connection made from now on, or since `watchPage()`), a LiveKit `Room`, a mediasoup-client
 * `Device` or `Transport`.
 */
export function attach(target: Target, options: Options): Collector {
  return makeCollector(options).attach(target);
}
