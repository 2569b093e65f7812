/**
 * What the server answers (docs/reference/dashboard-api.md). Moments are milliseconds since 1970
 * UTC, units are in names, and text that users wrote is text.
 */

export type Level = 0 | 1 | 2 | 3 | 4;

export type Severity = "information" | "warning" | "severe";

export type Maybe = number | null;

export interface WorstIssue {
  name: string;
  severity: Severity;
  sentence: string;
  participant_id: string | null;
  participant_name: string | null;
}

/** How many were bad, poor, fair and good. */
export type Shares = [bad: number, poor: number, fair: number, good: number];

export interface Quality {
  is_final: boolean;
  level: Level;
  affected_participants: number;
  letters: Shares;
  mos_audio: Maybe;
  mos_video: Maybe;
  measured_participants: number;
  bad_participants: number;
  is_bad: boolean;
  shares: Shares[];
  strip_from_at: Maybe;
  strip_bucket_ms: Maybe;
}

export interface CallParticipant {
  id: string;
  name: string | null;
  person: string;
  level: Level;
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
  origin: "local" | "remote" | "server" | null;
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
  /** With whom the cause lies, or whom it befell; nobody: the server. */
  subject: string | null;
  media: ("voice" | "video" | "screen" | "screen_sound")[];
  /** As the subject sees it. */
  direction: "sent" | "received" | null;
  /** The first is the one the cause is about. */
  figures: Figure[];
  /** Who suffered. */
  affected: string[];
  spans: [number, number][];
  evidence: Evidence;
  /** What to do, a clause with an imperative, and its stable word. */
  advice: string;
  advice_key: string;
}

/** How bad it was: the mean over the time affected, and the worst report. */
export interface Figure {
  name: string;
  unit: string;
  typical: Maybe;
  worst: number;
}

/** How a finding is known; what was not looked at is not there. */
export interface Evidence {
  listeners_present?: number;
  listeners_affected?: number;
  senders_present?: number;
  senders_affected?: number;
  is_reported_by_sender?: boolean;
  is_loss_free?: boolean;
  is_switched_on?: boolean;
  voice_mos?: number;
  video_mos?: number;
  concealment_percent?: number;
  sender_cause?: string;
  sent_media?: Finding["media"];
  device?: { kind: "microphone" | "camera" | "speaker"; label: string | null; at: number };
}

export interface Completeness {
  share: Maybe;
  expected_samples: number;
  arrived_samples: number;
  dropped_entries: number;
  refused_entries: number;
  unreadable_samples: number;
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
  level: Level;
  worst_stream: Level[];
  p10_mos_audio: Maybe;
  p10_mos_video: Maybe;
  audio_level: Level;
  video_level: Level;
  avg_mos_audio: Maybe;
  avg_mos_video: Maybe;
  loss_percent: Maybe;
  rtt_ms: Maybe;
  is_bad: boolean;
  is_measured: boolean;
  completeness: Completeness | null;
  browser: string | null;
  os: string | null;
  is_mobile: boolean | null;
  country: string | null;
  city: string | null;
  network: string | null;
  relay: string | null;
}

/** A lane on the participant's own page. */
export interface FullLane extends Lane {
  issues: Issue[];
  diagnosis: Finding[];
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
  diagnosis_is_cut: boolean;
  events: CallEvent[];
  events_are_cut: boolean;
  chat: Paged<ChatMessage>;
  transcript: Paged<TranscriptLine>;
  summary: Summary | null;
  breakout_rooms: Call[];
  parent: Call | null;
  artefacts: Artefact[];
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
