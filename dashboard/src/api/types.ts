// Written by scripts/generate_dashboard_types.py; do not edit.

/** 4 good, 3 fair, 2 poor, 1 bad, 0 not judged. */
export type Level = 0 | 1 | 2 | 3 | 4;

/** The caller. `csrf` and `expires_at` are those of a sign-in by cookie. */
export type Me = {
  account_id: string;
  account_name: string;
  role: Role;
  app_id: string | null;
  apps: MyApp[];
  csrf: string | null;
  expires_at: number | null;
  version: string;
  now: number;
};

/** What an API token may do. `READ` may only read. */
export type Role = "admin" | "read";

export type MyApp = {
  id: string;
  name: string;
  created_at: number;
};

export type MyApps = {
  apps: MyApp[];
};

export type Tokens = {
  tokens: Token[];
};

/** An API token, without its secret. `app_id` `None`: every app of the account; `is_mine`: the one with which the caller asks. */
export type Token = {
  id: string;
  name: string;
  role: Role;
  app_id: string | null;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
  is_mine: boolean;
};

/** A new token; `secret` is shown only in this answer and stored nowhere. */
export type MadeToken = {
  token: Token;
  secret: string;
};

export type JobLists = {
  waiting: WaitingJob[];
  dead: WaitingJob[];
};

/** A consequence still to be carried out, or given up (`dead_at`). */
export type WaitingJob = {
  id: string;
  task: string;
  app_id: string | null;
  session_id: string | null;
  created_at: number;
  due_at: number;
  attempts: number;
  last_error: string | null;
  dead_at: number | null;
  is_running: boolean;
};

/** How the server is set. Addresses of databases are left out. `try_app_id`: the app whose records the calls of `/try` are; `None` if it is switched off, or not one of the caller's. */
export type ServerSettings = {
  version: string;
  fold_version: number;
  database: "PostgreSQL" | "SQLite";
  privacy: string;
  try_app_id: string | null;
  settings: SettingRow[];
  docs_path: string;
  metrics_path: string;
};

export type SettingRow = {
  name: string;
  value: string | number | boolean;
  about: string;
};

/** How far the account's sample day is: `none` before it is requested. `problem` says why the last attempt failed; while the state is `running` another one follows by itself. */
export type SampleDayAnswer = {
  state: "done" | "failed" | "none" | "running";
  app_id: string | null;
  calls_played: number;
  calls_planned: number;
  problem: string | null;
};

export type Retention = {
  kinds: KeptKind[];
};

/** One kind of data. `kept_s` 0: as long as the session; `effective_s` is shorter than `kept_s` where the limit of another kind is. `next_at` is when the time of the oldest session with this kind is over, in ms since 1970; `next_sessions` lose it within a day from then on. */
export type KeptKind = {
  kind: string;
  kept_s: number;
  effective_s: number;
  is_default: boolean;
  next_at: number | null;
  next_sessions: number;
};

export type RetentionPreview = {
  kinds: PastKind[];
};

/** How many sessions have data of a kind that would be deleted. */
export type PastKind = {
  kind: string;
  sessions: number;
};

/** In which app a session is. */
export type Whereabouts = {
  app_id: string;
  session_id: string;
};

/** One page of the table, the sessions that go on apart. A call is one person in one session: `calls` is the number of those that meet all conditions on one participant, and null if there is no such condition. */
export type SessionListPage = {
  live: SessionRow[];
  items: SessionRow[];
  total: number;
  calls: number | null;
  next_cursor: string | null;
  previous_cursor: string | null;
  now: number;
  levels: SessionLevels | null;
};

/** One session, as a row of the table. Moments are ms since 1970. */
export type SessionRow = {
  id: string;
  meeting_id: string;
  title: string;
  status: "ENDED" | "LIVE";
  phase: Phase;
  parent_session_id: string | null;
  created_at: number;
  started_at: number;
  ended_at: number | null;
  end_reason: EndReason | null;
  live_participants: number;
  total_participants: number;
  people: number;
  max_concurrent_participants: number;
  minutes: number;
  participants: ParticipantBrief[];
  quality: SessionQuality | null;
  worst_issue: WorstIssue | null;
  browsers: string[];
  os: string[];
  countries: string[];
  networks: string[];
  relays: string[];
};

/** The state of a session (see `core.lifecycle.state_machine`). */
export type Phase = "draining" | "ended" | "live" | "open";

/** Why a session ended: somebody ended it, or everybody had left. */
export type EndReason = "closed" | "emptied";

/** One participant, for a list. */
export type ParticipantBrief = {
  id: string;
  name: string | null;
  person: string;
  level: Level;
  is_bad: boolean;
};

/** The quality of a session: the worst overall level of any participant, and how many have it; level 0 if reports came and nothing could be judged. The MOS are the lowest of the participants' worst tenths. `shares` is the sparkline: the level counts of all moments in each group of buckets. */
export type SessionQuality = {
  fold_version: number;
  is_final: boolean;
  level: Level;
  affected_participants: number;
  letters: [number, number, number, number];
  mos_audio: number | null;
  mos_video: number | null;
  measured_participants: number;
  bad_participants: number;
  people_letters: [number, number, number, number];
  is_bad: boolean;
  shares: [number, number, number, number][];
  strip_from_at: number;
  strip_bucket_ms: number;
};

/** The worst finding or issue, in a sentence, and at whom it lies. Of a finding also its shortest words: `noun` with `amount`, as `Uplink loss` with `12 %, worst 21 %`, and how many others noticed it. */
export type WorstIssue = {
  name: string;
  severity: "information" | "severe" | "warning";
  sentence: string;
  participant_id: string;
  participant_name: string | null;
  noun: string;
  amount: string;
  others_affected: number;
  cause: string;
};

/** How many sessions there are whatever their level, and of each level but good. */
export type SessionLevels = {
  every: number;
  bad: number;
  poor: number;
  fair: number;
};

/** A session's page. Bucket `i` of a lane begins at `from_at + i * bucket_ms`. `personal` is the verdict as each participant had the call, by id. `heard_at` is when anybody present was last heard of. After the end the figures may change until `is_final`, expected at `settles_at`. */
export type SessionPage = {
  call: SessionRow;
  now: number;
  heard_at: number | null;
  is_final: boolean;
  settles_at: number | null;
  verdict: VerdictWords;
  personal: Record<string, VerdictWords>;
  causes: CauseRow[];
  from_at: number;
  to_at: number;
  bucket_ms: number;
  buckets: number;
  lanes: ParticipantTimeline[];
  diagnosis: TimelineFinding[];
  diagnosis_is_cut: boolean;
  events: CallEvent[];
  events_are_cut: boolean;
  chat: ChatPage;
  transcript: TranscriptPage;
  summary: SummaryText | null;
  breakout_rooms: SessionRow[];
  parent: SessionRow | null;
  artefacts: Artefact[];
  expired: string[];
  egresses: SessionEgress[];
  polls: Poll[];
};

/** `who` and `what` are the sentence, `reach` who noticed, `more` what else is worth knowing, `advice` what to do, a clause. `cause` is the row that it is about. `worst_at` is a moment that shows it. Texts are empty if there is nothing to say. */
export type VerdictWords = {
  level: Level;
  who: TextPart[];
  what: TextPart[];
  reach: TextPart[];
  more: TextPart[];
  advice: TextPart[];
  cause: string | null;
  worst_at: number | null;
};

/** A piece of a sentence. With a `participant_id` it is that participant's name. */
export type TextPart = {
  text: string;
  participant_id?: string | undefined;
};

/** A cause. `subjects` are those at whom it lies, none for the server; several share a row where there are many causes. `levels` says how bad it was for each person concerned, 0 if that is not known, and `level` the worst of it. `effects` counts the findings of others that it explains. */
export type CauseRow = {
  key: string;
  cause: string;
  noun: string;
  amount: string;
  level: Level;
  levels: Record<string, Level>;
  is_note: boolean;
  is_lasting: boolean;
  subjects: string[];
  affected: string[];
  reach: TextPart[];
  spans: [number, number][];
  effects: number;
  happened: TextPart[][];
  known: TextPart[][];
  followed: TextPart[][];
  advice: TextPart[][];
  advice_key: string;
};

/** One participant: when it was there, what it did, how good it was. */
export type ParticipantTimeline = {
  participant_id: string;
  person: string;
  name: string | null;
  user_id: string | null;
  custom_participant_id: string | null;
  picture: string | null;
  preset: string | null;
  is_hidden: boolean;
  joined_at: number;
  left_at: number | null;
  left_is_inferred: boolean;
  minutes: number;
  peers: TimelinePeer[];
  muted: [number, number | null][];
  camera_off: [number, number | null][];
  screenshare: [number, number | null][];
  mos_audio: (number | null)[];
  mos_video: (number | null)[];
  levels: Level[];
  level: Level;
  worst_stream: Level[];
  p10_mos_audio: number | null;
  p10_mos_video: number | null;
  audio_level: Level;
  video_level: Level;
  avg_mos_audio: number | null;
  avg_mos_video: number | null;
  loss_percent: number | null;
  rtt_ms: number | null;
  is_bad: boolean;
  is_measured: boolean;
  completeness: TimelineCompleteness | null;
  browser: string | null;
  os: string | null;
  is_mobile: boolean | null;
  country: string | null;
  city: string | null;
  network: string | null;
  relay: string | null;
};

/** One connection of a participant. */
export type TimelinePeer = {
  id: string;
  joined_at: number;
  left_at: number | null;
  left_reason: LeaveReason | null;
  joined_is_inferred: boolean;
  source: string;
};

/** How a peer's leave is known. */
export type LeaveReason = "kicked" | "said" | "session_ended" | "silence";

/** How much of what should have been reported was; `share` is 0…1. */
export type TimelineCompleteness = {
  share: number | null;
  expected_samples: number;
  arrived_samples: number;
  dropped_entries: number;
  refused_entries: number;
  unreadable_samples: number;
  gaps: [number, number][];
  end_is_inferred: boolean;
};

/** A sentence about a participant, and its parts. `participant_id` is whose report it is of, `subject` with whom the cause lies. */
export type TimelineFinding = {
  sentence: string;
  severity: "information" | "severe" | "warning";
  cause: string;
  participant_id: string;
  participant_name: string | null;
  first_at: number;
  last_at: number;
  issues: string[];
  peer_ids: string[];
  subject: string | null;
  media: ("screen" | "screen_sound" | "video" | "voice")[];
  direction: "received" | "sent" | null;
  figures: Figure[];
  affected: string[];
  spans: [number, number][];
  evidence: Evidence;
  advice: string;
  advice_key: string;
};

/** One measure of a group of issues. `typical` is the mean over the time affected, `worst` the worst value of one report. */
export type Figure = {
  name: string;
  unit: string;
  typical: number | null;
  worst: number;
};

/** How a finding is known. What was not examined, or cannot be known, is absent. */
export type Evidence = {
  listeners_present?: number | undefined;
  listeners_affected?: number | undefined;
  senders_present?: number | undefined;
  senders_affected?: number | undefined;
  is_reported_by_sender?: boolean | undefined;
  is_loss_free?: boolean | undefined;
  is_switched_on?: boolean | undefined;
  voice_mos?: number | undefined;
  video_mos?: number | undefined;
  concealment_percent?: number | undefined;
  sender_cause?: "bandwidth" | "cpu" | "interruption" | "relay_tcp" | "round_trip" | "unknown" | "uplink" | undefined;
  sent_media?: ("screen" | "screen_sound" | "video" | "voice")[] | undefined;
  device?: DeviceSwitch | undefined;
};

/** A device change shortly before the trouble. */
export type DeviceSwitch = {
  kind: "camera" | "microphone" | "speaker";
  label: string | null;
  at: number;
};

/** Something that happened to a peer. */
export type CallEvent = {
  at: number;
  name: string;
  participant_id: string;
  peer_id: string | null;
  data: Record<string, string | number | boolean | null>;
};

/** A page of the chat, oldest first. */
export type ChatPage = {
  items: ChatLine[];
  total: number;
  next_cursor: string | null;
};

/** A chat message. */
export type ChatLine = {
  id: string;
  at: number;
  participant_id: string | null;
  name: string;
  kind: MessageKind;
  text: string;
  is_pinned: boolean;
  is_edited: boolean;
};

/** The kind of a chat message. */
export type MessageKind = "custom" | "file" | "image" | "text";

/** A page of the transcript, oldest first. */
export type TranscriptPage = {
  items: SpokenLine[];
  total: number;
  next_cursor: string | null;
};

/** A line of the transcript. */
export type SpokenLine = {
  id: string;
  at: number;
  end_at: number;
  participant_id: string | null;
  name: string;
  text: string;
};

/** The summary last asked for. */
export type SummaryText = {
  state: SummaryState;
  text: string | null;
  is_markdown: boolean;
  error: string | null;
  requested_at: number;
  completed_at: number | null;
  model: string | null;
  prompt_tokens: number;
  completion_tokens: number;
  fallback: string | null;
};

/** The state of a session's summary. */
export type SummaryState = "COMPLETED" | "FAILED" | "IN_PROGRESS" | "PENDING";

export type Artefact = {
  name: "chat" | "summary" | "transcript";
  format: string;
  url: string;
  expires_at: number;
};

/** A recording or livestream that a source reported. `url` is where the source put the file, or where the livestream plays. What is not known is `null`. */
export type SessionEgress = {
  id: string;
  kind: EgressKind;
  status: EgressStatus;
  invoked_at: number;
  started_at: number | null;
  stopped_at: number | null;
  duration_ms: number | null;
  size_bytes: number | null;
  name: string | null;
  url: string | null;
  error: string | null;
};

/** Where the media go. */
export type EgressKind = "livestream" | "recording";

/** How far an egress is. */
export type EgressStatus = "active" | "complete" | "ending" | "failed" | "invoked" | "paused";

/** A poll. `answers` is how many people answered it. */
export type Poll = {
  id: string;
  question: string;
  at: number;
  options: PollOption[];
  answers: number;
};

export type PollOption = {
  text: string;
  votes: number;
};

/** A participant's page. `chosen` is the key of the stream that has columns if only one was asked for; `heard_at` is when anything was last received of the participant. */
export type ParticipantPage = {
  call: SessionRow;
  lane: FullParticipantTimeline;
  verdict: VerdictWords;
  chosen: string | null;
  heard_at: number | null;
  from_at: number;
  to_at: number;
  is_final: boolean;
  now: number;
  streams: Stream[];
  connection: ConnectionColumns;
  candidate_pairs: CandidatePairText[];
  facts: Fact[];
  device_changes: DeviceChange[];
  events: CallEvent[];
};

/** A lane with all that was found. The issues are as many as the streams between people, so that a page about everybody leaves them to the participant's own. */
export type FullParticipantTimeline = {
  participant_id: string;
  person: string;
  name: string | null;
  user_id: string | null;
  custom_participant_id: string | null;
  picture: string | null;
  preset: string | null;
  is_hidden: boolean;
  joined_at: number;
  left_at: number | null;
  left_is_inferred: boolean;
  minutes: number;
  peers: TimelinePeer[];
  muted: [number, number | null][];
  camera_off: [number, number | null][];
  screenshare: [number, number | null][];
  mos_audio: (number | null)[];
  mos_video: (number | null)[];
  levels: Level[];
  level: Level;
  worst_stream: Level[];
  p10_mos_audio: number | null;
  p10_mos_video: number | null;
  audio_level: Level;
  video_level: Level;
  avg_mos_audio: number | null;
  avg_mos_video: number | null;
  loss_percent: number | null;
  rtt_ms: number | null;
  is_bad: boolean;
  is_measured: boolean;
  completeness: TimelineCompleteness | null;
  browser: string | null;
  os: string | null;
  is_mobile: boolean | null;
  country: string | null;
  city: string | null;
  network: string | null;
  relay: string | null;
  issues: TimelineIssue[];
  diagnosis: TimelineFinding[];
};

/** A stretch of trouble; `stream` is the key of the stream it is about, `None` when it is about several, or about a whole connection. */
export type TimelineIssue = {
  name: string;
  severity: "information" | "severe" | "warning";
  first_at: number;
  last_at: number;
  is_open: boolean;
  sample_count: number;
  worst: Record<string, number>;
  origin: "local" | "remote" | "server" | null;
  peer_id: string;
  family: string | null;
  stream: string | null;
};

/** One stream in columns: each as long as `t`, or empty when nothing is known of it. */
export type Stream = {
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
  mos: (number | null)[];
  score: (number | null)[];
  loss_percent: (number | null)[];
  rtt_ms: (number | null)[];
  jitter_ms: (number | null)[];
  bitrate_bps: (number | null)[];
  jitter_buffer_ms: (number | null)[];
  concealment_percent: (number | null)[];
  fps: (number | null)[];
  width: (number | null)[];
  height: (number | null)[];
  freeze_percent: (number | null)[];
  limitation: (string | null)[];
  level: Level;
  p10_mos: number | null;
  avg_mos: number | null;
};

/** Who is at the other end of a stream, and which of that participant's streams it is, by its ids and by its `key` there. */
export type OtherEnd = {
  participant_id: string;
  peer_id: string | null;
  name: string | null;
  stream_family: string | null;
  ssrc: number | null;
  producer_id: string | null;
  key: string | null;
};

/** The uplink estimate, the round trip of the selected pair, and the microphone level (0…1). Columns are as long as `t`. */
export type ConnectionColumns = {
  t: number[];
  available_outgoing_bps: (number | null)[];
  rtt_ms: (number | null)[];
  audio_level: (number | null)[];
};

/** A candidate pair, described for people. */
export type CandidatePairText = {
  sentence: string;
  is_selected: boolean;
  direction: "consuming" | "producing";
  local_type: string | null;
  remote_type: string | null;
  protocol: string | null;
  relay_protocol: string | null;
  local_address: string | null;
  remote_address: string | null;
  rtt_ms: number | null;
  available_outgoing_bps: number | null;
};

/** One thing known about a participant's machine or network. */
export type Fact = {
  group: string;
  name: string;
  value: string;
};

/** Devices plugged in and out; `kind` is `audio`, `video` or `speaker`. */
export type DeviceChange = {
  at: number;
  kind: string;
  added: string[];
  removed: string[];
};

/** `total` is not counted in a search. */
export type PeoplePage = {
  items: PersonRow[];
  total: number | null;
  next_cursor: string | null;
};

/** A person, for a list. `bad_calls` are those that were bad for that person. */
export type PersonRow = {
  person: string;
  name: string | null;
  custom_participant_id: string | null;
  user_id: string | null;
  calls: number;
  bad_calls: number;
  last_at: number;
};

/** A person with a page of the calls, the latest first. `recent` are the latest 200, from which `usual` is counted. */
export type PersonPage = {
  person: PersonRow;
  usual: UsualPlace;
  recent: RecentCall[];
  calls: PeerSummary[];
  next_cursor: string | null;
};

export type UsualPlace = {
  browser: Usual[];
  os: Usual[];
  country: Usual[];
  network: Usual[];
  relay: Usual[];
};

/** A value and in how many of the latest calls it was seen. */
export type Usual = {
  value: string;
  calls: number;
};

/** One of the latest calls, for what they have in common. `issue` is the name of the worst issue, or what was found in a few words, and `advice` what to do, a clause; it lies at the person, or at another one. The level is 0 if nothing was judged. */
export type RecentCall = {
  session_id: string;
  participant_id: string;
  joined_at: number;
  minutes: number;
  level: Level;
  issue: string | null;
  is_own: boolean;
  advice: string;
};

/** A person's part in one session, for a list of that person's calls. */
export type PeerSummary = {
  fold_version: number;
  session_id: string;
  meeting_id: string;
  title: string;
  participant_id: string;
  joined_at: number;
  left_at: number | null;
  minutes: number;
  mos_audio: number | null;
  mos_video: number | null;
  level: Level;
  is_bad: boolean;
  is_measured: boolean;
  worst_issue: WorstIssue | null;
  browser: string | null;
  os: string | null;
  country: string | null;
  network: string | null;
  relay: string | null;
};

/** Who attended a session, in the order of joining. Moments are ms since 1970. */
export type SessionAttendance = {
  session_id: string;
  meeting_id: string;
  title: string;
  status: "ENDED" | "LIVE";
  started_at: number;
  ended_at: number | null;
  now: number;
  items: AttendanceRow[];
  total: AttendanceTotal;
  at_once: PeopleAtOnce | null;
};

/** A person's attendance of one or several sessions. `left_at` is null while the person is present. `minutes` are those of the union of all stays, and `talk_minutes` those of them in which the person spoke, null without a transcript. `namesakes` is the number of people of the same name at once, of whom nothing else is known. */
export type AttendanceRow = {
  person: string;
  name: string | null;
  custom_participant_id: string | null;
  user_id: string | null;
  participant_ids: string[];
  joined_at: number;
  left_at: number | null;
  left_is_inferred: boolean;
  is_present: boolean;
  sessions: number;
  stays: number;
  minutes: number;
  talk_minutes: number | null;
  namesakes: number;
  spans: [number, number][];
};

/** The sum of the rows. */
export type AttendanceTotal = {
  people: number;
  stays: number;
  minutes: number;
  talk_minutes: number | null;
};

/** The most people at once and when first, and how many attended from start to end. */
export type PeopleAtOnce = {
  most: number;
  from_at: number;
  to_at: number;
  all_the_time: number;
};

/** Who attended the sessions of a meeting, by name. `sessions` of `all_sessions` were added up, the latest; the CSV file has all. */
export type MeetingAttendance = {
  meeting_id: string;
  title: string;
  sessions: number;
  all_sessions: number;
  first_at: number | null;
  last_at: number | null;
  now: number;
  items: AttendanceRow[];
  total: AttendanceTotal;
};

/** A page of the people of a month, those with the latest call first. */
export type MonthAttendance = {
  month: PeriodRow;
  zone: string;
  items: AttendanceRow[];
  next_cursor: string | null;
};

/** What the ended sessions that were created in a week or month come to. It lasts from `from_at` to before `to_at`; `minutes` are those of participants as they are metered; more may follow until it `is_over`. */
export type PeriodRow = {
  name: string;
  from_at: number;
  to_at: number;
  is_over: boolean;
  sessions: number;
  people: number;
  minutes: number;
};

/** A person's attendance of each session of a month, the latest first, and the sum. */
export type PersonAttendance = {
  person: string;
  name: string | null;
  month: string;
  from_at: number;
  to_at: number;
  zone: string;
  items: AttendedCallRow[];
  total: AttendanceTotal;
};

/** A person's attendance of one session. */
export type AttendedCallRow = {
  session_id: string;
  meeting_id: string;
  title: string;
  attendance: AttendanceRow;
};

/** The periods, the latest first. A person of several periods counts in each. */
export type Usage = {
  zone: string;
  items: PeriodRow[];
};

/** A period and the one that it is compared with, in days of the zone. */
export type Overview = {
  zone: string;
  now: number;
  span: "day" | "week";
  this: OverviewPeriod;
  other: OverviewPeriod;
  difference: Difference | null;
};

/** A period; both dates are included. `people` were there on the UTC days of these dates, which `people_filter` names. Where calls are filtered, `sessions` are those with a measured one, and `minutes` and `people` null. */
export type OverviewPeriod = {
  from: string;
  to: string;
  days: number;
  sessions: number;
  minutes: number | null;
  people: number | null;
  bad_sessions: number;
  calls: CallCounts;
  spans: OverviewSpan[];
  filter: Record<string, string>;
  people_filter: Record<string, string>;
};

/** Measured calls. `share` is null of fewer than twenty. */
export type CallCounts = {
  measured_participants: number;
  bad_participants: number;
  share: Share | null;
};

/** The bad ones among measured calls, in percent, with Wilson's interval. */
export type Share = {
  percent: number;
  low: number;
  high: number;
};

/** A day, or a run of seven; both dates are included. Live sessions count among `sessions` alone. Where calls are filtered, `sessions` have a measured one, and `minutes` are null. */
export type OverviewSpan = {
  from: string;
  to: string;
  sessions: number;
  minutes: number | null;
  bad_sessions: number;
  calls: CallCounts;
  filter: Record<string, string>;
};

/** By how many points a share is higher than before, with Newcombe's interval; `is_certain`: it leaves out 0. */
export type Difference = {
  points: number;
  low: number;
  high: number;
  is_certain: boolean;
};

/** The breakdowns that were asked for, in the order of the documented dimensions. */
export type Breakdowns = {
  breakdowns: Breakdown[];
};

/** The calls of both periods by one dimension; `left_out` is the number of values that are not listed. */
export type Breakdown = {
  by: string;
  all: CallCounts;
  rows: BreakdownRow[];
  left_out: number;
};

/** The calls with one value. `is_high`: more of them were bad than of all others, 99 % sure. */
export type BreakdownRow = {
  value: string;
  title: string | null;
  calls: CallCounts;
  other_calls: CallCounts;
  difference: Difference | null;
  is_high: boolean;
  filter: Record<string, string>;
  other_filter: Record<string, string>;
};

export type Receipts = {
  erasures: Receipt[];
  next_cursor: string | null;
};

/** The receipt of an erasure. `state` is `running`, `waiting` (for the end of `live_sessions` calls) or `done`; `counts` says how much of each kind was erased; `hashes` are keyed. Since `readmitted_at` the person is recorded again. */
export type Receipt = {
  id: string;
  requested_at: number;
  requested_by: string;
  state: string;
  live_sessions: number;
  finished_at: number | null;
  counts: Record<string, number>;
  hashes: string[];
  with_mentions: boolean;
  readmitted_at: number | null;
};

/** The names that were looked for in sessions in which the person did not take part, how many of those sessions mention one, and how many texts, by place. */
export type Mentions = {
  names: string[];
  sessions: number;
  counts: Record<string, number>;
};

/** How far an export is. `url` is where the file can be fetched until `expires_at`, once `state` is `done`. */
export type PersonExport = {
  id: string;
  requested_at: number;
  requested_by: string;
  state: string;
  sessions_done: number;
  sessions_found: number;
  finished_at: number | null;
  expires_at: number | null;
  url: string | null;
};

export type AuditPage = {
  entries: AuditEntry[];
  next_cursor: string | null;
};

/** Who (`actor`: the id of a token or sign-in, or `cli`) did what to which object. */
export type AuditEntry = {
  id: string;
  at: number;
  actor: string;
  action: string;
  object: string;
};

/** Links that have not expired, the latest first. */
export type ReadLinkPage = {
  links: ReadLink[];
  next_cursor: string | null;
};

/** A link, without its code. `created_by`: the id of a token or of a sign-in, or `cli`. */
export type ReadLink = {
  id: string;
  session_id: string;
  with_talk: boolean;
  created_at: number;
  created_by: string;
  expires_at: number;
  revoked_at: number | null;
  last_opened_at: number | null;
  times_opened: number;
};

/** A new link; `url`, with its code, is in this answer alone and stored nowhere. */
export type MadeReadLink = {
  link: ReadLink;
  url: string;
};

/** What a link shows, and until when. */
export type OpenedReadLink = {
  app_id: string;
  session_id: string;
  with_talk: boolean;
  expires_at: number;
  now: number;
};

export type SourceKeyList = {
  keys: SourceKey[];
};

/** A key, without its secret. `created_by`: the id of a token or of a sign-in, or `cli`. */
export type SourceKey = {
  source: string;
  key_id: string;
  created_at: number;
  created_by: string;
  server: AskedServer | null;
};

/** A server that is asked who is present. `answered_at`: when it last did; `error`: the code of why it did not when last asked, such as `timed_out`, `http_401` or `address_refused`. */
export type AskedServer = {
  url: string;
  asked_at: number | null;
  answered_at: number | null;
  error: string | null;
};

export type WebhookStatusList = {
  webhooks: WebhookStatus[];
};

/** A webhook and how its receiver answers. `failures`: attempts that failed since one was answered; `paused_until`: nothing is posted before; `unsubscribed_at`: when its receiver answered 410, which disabled it. */
export type WebhookStatus = {
  id: string;
  name: string;
  url: string;
  events: string[];
  meeting_ids: string[];
  enabled: boolean;
  created_at: number;
  updated_at: number;
  failures: number;
  paused_until: number | null;
  unsubscribed_at: number | null;
};

/** The secret with which `webhook-signature` is checked (Standard Webhooks). */
export type WebhookSecret = {
  webhook_id: string;
  secret: string;
};

/** Deliveries of a webhook, the latest first. */
export type DeliveryPage = {
  deliveries: DeliveryStatus[];
  next_cursor: string | null;
};

/** What is owed to a webhook. `attempts` counts those since it was created or replayed, `log` has the latest; `excerpt` is the beginning of the latest answer, 1 KB at the most. */
export type DeliveryStatus = {
  id: string;
  webhook_id: string;
  event: string;
  session_id: string | null;
  peer_id: string | null;
  state: "dead" | "dropped" | "refused" | "sent" | "waiting";
  created_at: number;
  next_at: number | null;
  expires_at: number;
  ended_at: number | null;
  attempts: number;
  log: DeliveryAttempt[];
  excerpt: string | null;
};

/** One attempt. `status`: the HTTP status, null without an answer; `error`: why there was none. */
export type DeliveryAttempt = {
  at: number;
  took_ms: number;
  status: number | null;
  error: string | null;
};

export type RuleList = {
  rules: Rule[];
};

/** A rule with what its owner stated. `muted_until`: nothing new is sent before. */
export type Rule = {
  id: string;
  rule: RuleSpec;
  muted_until: number | null;
  created_at: number;
  updated_at: number;
};

/** A rule as its owner states it. `for_s` is for how long the condition must hold before it is raised, `clear_s` for how long it must be over before it is resolved, in seconds. `hours` are those in which the condition counts (empty: always), `quiet_hours` those in which nothing is sent. `group_by` is what one message is about: a session with everybody in it, or all sessions of the app. A change is sent at most every `update_every_s` (0: never). With `resolves_quietly` people are sent no message when it is over; programs are. `with_names` has messages name people. */
export type RuleSpec = {
  name: string;
  condition: IssueCondition | LiveQualityCondition | BadShareCondition | NoCallsCondition | SilentSourceCondition | DeadJobsCondition;
  channels: string[];
  is_enabled: boolean;
  severity: "critical" | "error" | "info" | "warning";
  for_s: number;
  clear_s: number;
  group_by: "app" | "session";
  update_every_s: number;
  resolves_quietly: boolean;
  with_names: boolean;
  text: string;
  hours: WeeklyHours[];
  quiet_hours: WeeklyHours[];
};

/** A cause of trouble that lasts in a live session. `causes` are those meant, as `uplink`; empty: every one. `people` is the least number of people who suffer from it. */
export type IssueCondition = {
  kind: "issue";
  causes: string[];
  least_severity: "severe" | "warning";
  people: number;
};

/** Participants of a live session whose moments have been at `level` or worse for `minutes`, at least `people` of them. */
export type LiveQualityCondition = {
  kind: "live_quality";
  level: "bad" | "fair" | "poor";
  minutes: number;
  people: number;
};

/** The share of bad calls among the calls of ended sessions that were created within `window_minutes`, which count in whole quarter hours. It is raised by a share of more than `above_percent`, and, with `above_past`, by one that is higher than that of the `past_days` before, 99 % sure. Fewer than `least_calls` are not judged. */
export type BadShareCondition = {
  kind: "bad_share";
  window_minutes: number;
  least_calls: number;
  above_percent: number | null;
  above_past: boolean;
  past_days: number;
};

/** No session began within `window_minutes`, and none goes on; of one meeting, or of any. With `past_weeks` it counts only where there were sessions at the same time of each of so many weeks before. */
export type NoCallsCondition = {
  kind: "no_calls";
  window_minutes: number;
  meeting_id: string | null;
  past_weeks: Level | 5 | 6 | 7 | 8;
};

/** Nothing came from a source for `minutes` that had sent before. */
export type SilentSourceCondition = {
  kind: "silent_source";
  source: string;
  minutes: number;
};

/** More than `above` jobs of the app failed too often to be tried again. Deliveries of alerts are not counted. */
export type DeadJobsCondition = {
  kind: "dead_jobs";
  above: number;
};

/** Hours of the week by the clock of a time zone, from `start` to `end`, as `08:30`. An `end` that is not after `start` is on the next day. */
export type WeeklyHours = {
  days: ("fri" | "mon" | "sat" | "sun" | "thu" | "tue" | "wed")[];
  start: string;
  end: string;
  zone: string;
};

export type ChannelList = {
  channels: Channel[];
};

/** A channel. `target` is what may be shown of where it leads: addresses and keys are in no answer. */
export type Channel = {
  id: string;
  name: string;
  kind: string;
  target: Record<string, unknown>;
  created_at: number;
  updated_at: number;
};

/** Whether the test message was delivered, and what went wrong if it was not. */
export type ChannelTest = {
  is_delivered: boolean;
  problem: string | null;
};

/** The latest first; `next_cursor` leads to the earlier ones. */
export type AlertPage = {
  alerts: Alert[];
  next_cursor: string | null;
};

/** An alert, in the words of its messages. `since_at` is from when the condition held. */
export type Alert = {
  id: string;
  rule_id: string;
  rule_name: string;
  kind: string;
  severity: string;
  state: "open" | "resolved";
  since_at: number;
  raised_at: number | null;
  resolved_at: number | null;
  sent_at: number | null;
  muted_until: number | null;
  title: string;
  sentence: string;
  advice: string;
  text: string;
  causes: string[];
  figures: Record<string, number>;
  people: string[];
  people_count: number;
  sessions: AlertSession[];
  url: string;
};

export type AlertSession = {
  id: string;
  title: string;
  url: string;
};

/** The latest imports, the newest first, and what an upload may have: `most_bytes` as sent, `most_files`. */
export type DumpImports = {
  imports: DumpImport[];
  most_bytes: number;
  most_files: number;
};

/** An import. `state` is `uploading`, `waiting`, `running`, `done`, `failed` or `cancelled`, `percent` how much of the work is done; `error` says why all of it failed. */
export type DumpImport = {
  id: string;
  requested_at: number;
  requested_by: string;
  state: string;
  percent: number;
  files: ImportedFile[];
  sessions: ImportedSession[];
  error: string | null;
  finished_at: number | null;
};

/** What was read of a file. `bytes`: as uploaded. `format` is what it was recognised as; `left_out` says why parts were not read, and how often; `error` why the file was not imported. */
export type ImportedFile = {
  name: string;
  bytes: number;
  format: string | null;
  connections: ImportedConnection[];
  left_out: Record<string, number>;
  error: string | null;
};

/** A connection that was read: `seconds` from its first report to its last. */
export type ImportedConnection = {
  id: string;
  reports: number;
  seconds: number;
  streams: number;
};

/** A session that an import made, or added to. `title` is null, and the session not there, once it has been deleted. `is_known`: nothing of it was new. `rejected`: why facts were refused, and how often. */
export type ImportedSession = {
  session_id: string;
  title: string | null;
  started_at: string;
  participants: number;
  is_known: boolean;
  rejected: Record<string, number>;
};

/** A transcript that was read and stored. `is_new`: something changed; the same file again changes nothing. `left_out` are lines of people who were erased. `is_summarised`: a summary of it is being made. */
export type TranscriptUpload = {
  session_id: string;
  format: TranscriptFormat;
  lines: number;
  left_out: number;
  speakers: UploadedSpeaker[];
  is_new: boolean;
  is_summarised: boolean;
};

/** The format of an uploaded transcript. */
export type TranscriptFormat = "csv" | "json" | "srt" | "vtt";

/** A speaker of the transcript, with the number of lines. `participant_id` is null if nobody of the session is called so. */
export type UploadedSpeaker = {
  name: string;
  participant_id: string | null;
  lines: number;
};

/** A preset in a list. */
export type ListedPreset = {
  id: string;
  name: string;
  created_at: string;
  updated_at: string;
};

/** A preset. */
export type PresetAnswer = {
  id: string;
  name: string;
  config: Record<string, unknown>;
  permissions: Record<string, unknown>;
  ui: Record<string, unknown>;
  created_at: string;
  updated_at: string;
};

/** What goes on when the listening begins. */
export type Hello = {
  now: number;
  live: string[];
};

/** A session that began, changed or ended. `minutes` are known when it is over. */
export type LiveSession = {
  id: string;
  meeting_id: string;
  title: string;
  status: "ENDED" | "LIVE";
  phase: Phase;
  started_at: number;
  ended_at: number | null;
  live_participants: number;
  total_participants: number;
  minutes: number | null;
  updated_at: number;
};
