/** The collect protocol, version 1, as documented in docs/reference/collect.md. */

export const PROTOCOL_VERSION = 1;

export type Scalar = string | number | boolean | null;

export interface DeviceEntry {
  device_id: string;
  kind: string;
  label: string;
}

export interface EventData {
  [member: string]: Scalar | DeviceEntry | DeviceEntry[] | string[] | undefined;
}

/** One W3C stats object with the listed members only. */
export interface StatsObject {
  id: string;
  type: string;
  [member: string]: unknown;
}

export type Source = "microphone" | "camera" | "screen" | "screen_audio";

/** What getStats cannot tell about a stream. */
export interface StreamTag {
  connection: string;
  direction: "send" | "receive";
  kind: string;
  mid?: string | null;
  ssrc?: number | undefined;
  track_id?: string | undefined;
  source?: Source | undefined;
  producer_id?: string | undefined;
  consumer_id?: string | undefined;
  peer_id?: string | undefined;
  muted?: boolean | undefined;
  expected_width?: number | undefined;
  expected_height?: number | undefined;
  score?: number | undefined;
}

export interface ConnectionStats {
  id: string;
  stats: StatsObject[];
}

export interface Description {
  device?: {
    is_mobile?: boolean | undefined;
    os?: string | undefined;
    os_version?: string | undefined;
    cpus?: number | undefined;
    memory_gb?: number | undefined;
  };
  browser?: {
    name?: string | undefined;
    version?: string | undefined;
    engine?: string | undefined;
    user_agent?: string | undefined;
    webgl?: boolean | undefined;
  };
  sdk?: { name?: string; version?: string; type?: string };
  network?: { effective_type?: string; timezone?: string; [member: string]: unknown };
  encoder?: { audio?: string; video?: string };
  room_view_type?: string | undefined;
  meeting_env?: string | undefined;
  precall?: Record<string, Scalar | undefined> | undefined;
}

export type MessageKind = "text" | "image" | "file" | "custom";

export type EntryBody =
  | {
      type: "join";
      interval_ms: number;
      previous_peer_id?: string | undefined;
      display_name?: string | undefined;
      is_hidden?: boolean | undefined;
    }
  | { type: "leave" }
  | ({ type: "describe" } & Description)
  | { type: "event"; name: string; data: EventData }
  | { type: "sample"; connections: ConnectionStats[]; streams: StreamTag[]; page_hidden: boolean }
  | {
      type: "chat";
      id: string;
      text: string;
      kind?: MessageKind | undefined;
      pinned?: boolean | undefined;
      edited?: boolean | undefined;
    }
  | { type: "transcript"; id: string; start_at: number; end_at: number; text: string };

export interface Answer {
  accepted: number;
  duplicates: number;
  rejected: { seq: number; code: string; message: string }[];
  session: { id: string; status: string } | null;
  interval_ms: number;
  next: "continue" | "kicked" | "ended";
}
