// Written by scripts/generate_collect_types.py; do not edit.

// A member that is null counts as absent.

export const PROTOCOL_VERSION = 1;

export type Batch = {
  v: number;
  peer_id: string;
  sent_at: number;
  token?: string | null | undefined;
  dropped?: number | undefined;
  entries?: Entry[] | undefined;
};

export type JoinEntry = {
  type: "join";
  seq: number;
  at: number;
  interval_ms?: number | undefined;
  previous_peer_id?: string | null | undefined;
  display_name?: string | null | undefined;
  is_hidden?: boolean | undefined;
};

export type LeaveEntry = {
  type: "leave";
  seq: number;
  at: number;
};

export type DescribeEntry = {
  type: "describe";
  seq: number;
  at: number;
  device?: Record<string, unknown> | null | undefined;
  browser?: Record<string, unknown> | null | undefined;
  sdk?: Record<string, unknown> | null | undefined;
  application?: Record<string, unknown> | null | undefined;
  network?: Record<string, unknown> | null | undefined;
  encoder?: Record<string, unknown> | null | undefined;
  precall?: Record<string, unknown> | null | undefined;
  room_view_type?: string | null | undefined;
  meeting_env?: string | null | undefined;
};

export type EventEntry = {
  type: "event";
  seq: number;
  at: number;
  name: string;
  data?: Record<string, unknown> | undefined;
};

export type SampleEntry = {
  type: "sample";
  seq: number;
  at: number;
} & SampleBody;

export type ChatEntry = {
  type: "chat";
  seq: number;
  at: number;
  text: string;
  id?: string | null | undefined;
  kind?: "custom" | "file" | "image" | "text" | undefined;
  pinned?: boolean | undefined;
  edited?: boolean | undefined;
};

export type TranscriptEntry = {
  type: "transcript";
  seq: number;
  at: number;
  start_at: number;
  end_at: number;
  text: string;
  id?: string | null | undefined;
};

export type SampleBody = {
  connections?: ConnectionBody[] | undefined;
  streams?: StreamTag[] | undefined;
  page_hidden?: boolean | null | undefined;
};

export type ConnectionBody = {
  id: string;
  stats: Record<string, unknown>[];
};

export type StreamTag = {
  connection: string;
  direction: "receive" | "send";
  kind?: "audio" | "video" | null | undefined;
  ssrc?: number | null | undefined;
  mid?: string | null | undefined;
  track_id?: string | null | undefined;
  source?: "camera" | "microphone" | "screen" | "screen_audio" | null | undefined;
  producer_id?: string | null | undefined;
  consumer_id?: string | null | undefined;
  peer_id?: string | null | undefined;
  muted?: boolean | null | undefined;
  expected_width?: number | null | undefined;
  expected_height?: number | null | undefined;
  score?: number | null | undefined;
};

export type Entry =
  | JoinEntry
  | LeaveEntry
  | DescribeEntry
  | EventEntry
  | SampleEntry
  | ChatEntry
  | TranscriptEntry;
