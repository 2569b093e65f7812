/* * The collect protocol, version 1, as documented in docs/reference/collect.md. entries.ts has all
 * types that the server reads; this file has the narrower ones that the collector sends, and the
 * answer.
 */

import type {
  ChatEntry,
  DescribeEntry,
  Entry,
  EventEntry,
  JoinEntry,
  LeaveEntry,
  SampleEntry,
  StreamTag,
  TranscriptEntry,
} from "./entries";

export { PROTOCOL_VERSION } from "./entries";
export type { StreamTag };

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

export type Source = NonNullable<StreamTag["source"]>;

export interface ConnectionStats {
  id: string;
  stats: StatsObject[];
}

/** The description of a peer. */
export interface Description extends Omit<DescribeEntry, "type" | "seq" | "at"> {
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
  /** The application itself: the overview compares its versions. */
  application?: { name?: string; version?: string };
  network?: { effective_type?: string; timezone?: string; [member: string]: unknown };
  encoder?: { audio?: string; video?: string };
  precall?: Record<string, Scalar | undefined> | undefined;
}

export type MessageKind = NonNullable<ChatEntry["kind"]>;

/** An entry without the members that the outbox adds. */
type Body<Kind extends Entry> = Kind extends Entry ? Omit<Kind, "seq" | "at"> : never;

export type EntryBody =
  | Body<JoinEntry | LeaveEntry | ChatEntry | TranscriptEntry>
  | ({ type: "describe" } & Description)
  | (Body<EventEntry> & { data: EventData })
  | (Body<SampleEntry> & { connections: ConnectionStats[] });

export interface Answer {
  accepted: number;
  duplicates: number;
  rejected: { seq: number; code: string; message: string }[];
  session: { id: string; status: string } | null;
  interval_ms: number;
  /** How often the server wants a request: samples in between wait. */
  request_interval_ms: number;
  next: "continue" | "kicked" | "ended";
}
