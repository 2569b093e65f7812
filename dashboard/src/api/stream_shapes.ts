/** What the server answers about one participant's streams (docs/reference/dashboard-api.md). */

import type { Call, CallEvent, FullLane, Level, Maybe } from "./shapes";

export interface OtherEnd {
  participant_id: string;
  peer_id: string;
  name: string | null;
  stream_family: string;
  ssrc: number | null;
  producer_id: string | null;
}

/** Arrays are as long as `t`, or empty where nothing is known. */
export interface Stream {
  key: string;
  family: string;
  kind: "audio" | "video";
  is_sent: boolean;
  is_screenshare: boolean;
  ssrc: number | null;
  mid: string | null;
  producer_id: string | null;
  consumer_id: string | null;
  others: OtherEnd[];
  level: Level;
  points: number;
  t: number[];
  mos: Maybe[];
  score: Maybe[];
  loss_percent: Maybe[];
  rtt_ms: Maybe[];
  jitter_ms: Maybe[];
  bitrate_bps: Maybe[];
  jitter_buffer_ms: Maybe[];
  concealment_percent: Maybe[];
  fps: Maybe[];
  width: Maybe[];
  height: Maybe[];
  freeze_percent: Maybe[];
  limitation: (string | null)[];
  p10_mos: Maybe;
  avg_mos: Maybe;
}

export interface Connection {
  t: number[];
  available_outgoing_bps: Maybe[];
  rtt_ms: Maybe[];
  audio_level: Maybe[];
}

export interface CandidatePair {
  sentence: string;
  is_selected: boolean;
  direction: "producing" | "consuming";
  local_type: string | null;
  remote_type: string | null;
  protocol: string | null;
  relay_protocol: string | null;
  local_address: string | null;
  remote_address: string | null;
  rtt_ms: Maybe;
  available_outgoing_bps: Maybe;
}

export interface Fact {
  group: string;
  name: string;
  value: string;
}

export interface DeviceChange {
  at: number;
  kind: string;
  added: string[];
  removed: string[];
}

export interface PeerPage {
  call: Call;
  lane: FullLane;
  from_at: number;
  to_at: number;
  is_final: boolean;
  now: number;
  streams: Stream[];
  connection: Connection;
  candidate_pairs: CandidatePair[];
  facts: Fact[];
  device_changes: DeviceChange[];
  events: CallEvent[];
}
