/**
 * What the server answers (docs/reference/dashboard-api.md). Moments are milliseconds since 1970
 * UTC, units are in names, and text that users wrote is text.
 */

export type Level = 0 | 1 | 2 | 3 | 4;
export type Severity = "information" | "warning" | "severe";
export type Role = "admin" | "read";
export type Maybe = number | null;

export interface App {
  id: string;
  name: string;
  created_at: number;
}

export interface Me {
  account_id: string;
  account_name: string;
  role: Role;
  app_id: string | null;
  apps: App[];
  csrf: string | null;
  expires_at: number | null;
  version: string;
  now: number;
}

export interface WorstIssue {
  name: string;
  severity: Severity;
  sentence: string;
  participant_id: string | null;
  participant_name: string | null;
}

export interface Quality {
  is_final: boolean;
  level: Level;
  mos_audio: Maybe;
  mos_video: Maybe;
  measured_participants: number;
  bad_participants: number;
  is_bad: boolean;
  strip: Level[];
  strip_from_at: Maybe;
  strip_bucket_ms: Maybe;
}

export interface CallParticipant {
  id: string;
  name: string | null;
  person: string;
  is_bad: boolean;
}

export interface Call {
  id: string;
  meeting_id: string;
  title: string | null;
  status: "LIVE" | "ENDED";
  phase: "open" | "live" | "draining" | "ended";
  parent_session_id: string | null;
  created_at: number;
  started_at: Maybe;
  ended_at: Maybe;
  end_reason: "closed" | "emptied" | null;
  live_participants: number;
  total_participants: number;
  max_concurrent_participants: number;
  minutes: number;
  participants: CallParticipant[];
  quality: Quality | null;
  worst_issue: WorstIssue | null;
  browsers: string[];
  os: string[];
  countries: string[];
  networks: string[];
  relays: string[];
}

export interface CallList {
  live: Call[];
  items: Call[];
  total: number;
  next_cursor: string | null;
  previous_cursor: string | null;
  now: number;
}

/** From when to when; `null` while it lasts. */
export type Span = [number, Maybe];

export interface Peer {
  id: string;
  joined_at: number;
  left_at: Maybe;
  left_reason: "said" | "kicked" | "silence" | "session_ended" | null;
  joined_is_inferred: boolean;
  source: string;
}

export interface Issue {
  name: string;
  severity: Severity;
  first_at: number;
  last_at: number;
  is_open: boolean;
  sample_count: number;
  worst: Record<string, number>;
  origin: "local" | "remote" | null;
  peer_id: string;
  family: string | null;
  stream: string | null;
}

export interface Finding {
  sentence: string;
  severity: Severity;
  cause: string;
  participant_id: string | null;
  participant_name: string | null;
  first_at: Maybe;
  last_at: Maybe;
  issues: string[];
  peer_ids: string[];
}

export interface Completeness {
  share: Maybe;
  expected_samples: number;
  arrived_samples: number;
  dropped_entries: number;
  gaps: [number, number][];
  end_is_inferred: boolean;
}

export interface Lane {
  participant_id: string;
  person: string;
  name: string | null;
  user_id: string | null;
  custom_participant_id: string | null;
  picture: string | null;
  preset: string | null;
  is_hidden: boolean;
  joined_at: Maybe;
  left_at: Maybe;
  left_is_inferred: boolean;
  minutes: number;
  peers: Peer[];
  muted: Span[];
  camera_off: Span[];
  screenshare: Span[];
  mos_audio: Maybe[];
  mos_video: Maybe[];
  levels: Level[];
  p10_mos_audio: Maybe;
  p10_mos_video: Maybe;
  avg_mos_audio: Maybe;
  avg_mos_video: Maybe;
  loss_percent: Maybe;
  rtt_ms: Maybe;
  is_bad: boolean;
  is_measured: boolean;
  issues: Issue[];
  diagnosis: Finding[];
  completeness: Completeness | null;
  browser: string | null;
  os: string | null;
  is_mobile: boolean | null;
  country: string | null;
  city: string | null;
  network: string | null;
  relay: string | null;
}

export interface CallEvent {
  at: number;
  name: string;
  participant_id: string | null;
  peer_id: string | null;
  data: Record<string, unknown>;
}

export interface ChatMessage {
  id: string;
  at: number;
  participant_id: string | null;
  name: string | null;
  kind: "text" | "image" | "file" | "custom";
  text: string;
  is_pinned: boolean;
  is_edited: boolean;
}

export interface TranscriptLine {
  id: string;
  at: number;
  end_at: Maybe;
  participant_id: string | null;
  name: string | null;
  text: string;
}

export interface Paged<Item> {
  items: Item[];
  total: number | null;
  next_cursor: string | null;
}

export interface Summary {
  state: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED";
  text: string | null;
  is_markdown: boolean;
  error: string | null;
  requested_at: Maybe;
  completed_at: Maybe;
}

export interface Artefact {
  name: "chat" | "transcript" | "summary";
  format: string;
  url: string;
  expires_at: number;
}

export interface CallPage {
  call: Call;
  now: number;
  from_at: number;
  to_at: number;
  bucket_ms: number;
  buckets: number;
  lanes: Lane[];
  diagnosis: Finding[];
  events: CallEvent[];
  events_are_cut: boolean;
  chat: Paged<ChatMessage>;
  transcript: Paged<TranscriptLine>;
  summary: Summary | null;
  breakout_rooms: Call[];
  parent: Call | null;
  artefacts: Artefact[];
}

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
  lane: Lane;
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

export interface Person {
  person: string;
  name: string | null;
  custom_participant_id: string | null;
  user_id: string | null;
  calls: number;
  bad_calls: number;
  last_at: number;
}

export interface Usual {
  value: string;
  calls: number;
}

export interface PersonCall {
  session_id: string;
  meeting_id: string;
  title: string | null;
  participant_id: string;
  joined_at: Maybe;
  left_at: Maybe;
  minutes: number;
  mos_audio: Maybe;
  mos_video: Maybe;
  level: Level;
  is_bad: boolean;
  is_measured: boolean;
  worst_issue: WorstIssue | null;
  browser: string | null;
  os: string | null;
  country: string | null;
  network: string | null;
  relay: string | null;
}

export interface PersonPage {
  person: Person;
  usual: Record<"browser" | "os" | "country" | "network" | "relay", Usual[]>;
  calls: PersonCall[];
  next_cursor: string | null;
}

/** Query parameters of the sessions list. */
export type CallFilter = Record<string, string>;

export interface Counts {
  sessions: number;
  minutes: number;
  people: number;
  participants: number;
  measured_participants: number;
  bad_participants: number;
  bad_sessions: number;
  filter: CallFilter;
}

export interface Day extends Counts {
  day: string;
}

export interface WorstMeeting {
  meeting_id: string;
  title: string | null;
  sessions: number;
  bad_sessions: number;
  measured_participants: number;
  bad_participants: number;
  filter: CallFilter;
}

export interface Breakdown {
  value: string;
  sessions: number;
  measured_participants: number;
  bad_participants: number;
  filter: CallFilter;
}

export type Dimension = "browser" | "os" | "country" | "network" | "relay" | "issue";

export interface Overview {
  from: string;
  to: string;
  days: Day[];
  totals: Counts;
  worst_meetings: WorstMeeting[];
  breakdowns: Record<Dimension, Breakdown[]>;
}

export interface LiveNews {
  id: string;
  meeting_id: string;
  title: string | null;
  status: "LIVE" | "ENDED";
  phase: Call["phase"];
  started_at: Maybe;
  ended_at: Maybe;
  live_participants: number;
  total_participants: number;
  /** `null` when they were not counted anew. */
  minutes: Maybe;
  updated_at: number;
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  app_id: string | null;
  created_at: number;
  last_used_at: Maybe;
  revoked_at: Maybe;
  is_mine: boolean;
}

export interface Job {
  id: string;
  task: string;
  app_id: string;
  session_id: string | null;
  created_at: number;
  due_at: number;
  attempts: number;
  last_error: string | null;
  dead_at: Maybe;
  is_running: boolean;
}

export interface ServerSettings {
  version: string;
  fold_version: number | string;
  privacy: string;
  settings: { name: string; value: string | number | boolean; about: string }[];
  docs_path: string;
  metrics_path: string;
}
