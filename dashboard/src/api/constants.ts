// Written by scripts/generate_dashboard_types.py; do not edit.

/** What the levels 0 to 4 are called. */
export const LEVEL_WORDS = [
  "Not judged",
  "Bad",
  "Poor",
  "Fair",
  "Good",
] as const;

/** The catalogue of issues. */
export const ISSUE_NAMES = [
  "poor_network_uplink",
  "severe_network_uplink",
  "poor_network_downlink",
  "severe_network_downlink",
  "high_rtt",
  "high_jitter_buffer_delay",
  "audio_concealment",
  "low_audio_mos",
  "low_video_mos",
  "low_available_bitrate",
  "bandwidth_limited",
  "cpu_limited",
  "decoder_overloaded",
  "video_frozen",
  "low_frame_rate",
  "low_resolution",
  "narrow_downlink",
  "no_video_sent",
  "no_video_received",
  "camera_muted",
  "no_audio_sent",
  "no_audio_received",
  "silent_microphone",
  "constant_audio_level",
  "one_way_audio",
  "audio_not_played",
  "negative_feedback_high",
  "ice_reconnecting",
  "ice_failed",
  "connection_failed",
  "slow_connect",
  "no_answer",
  "no_relay_candidate",
  "media_refused",
  "turn_relayed",
  "turn_relayed_tcp",
  "transport_path_changed",
  "stats_gap",
  "clock_step",
] as const;

export type IssueName = (typeof ISSUE_NAMES)[number];

/** What the overview breaks numbers down by. */
export const DIMENSIONS = [
  "browser",
  "browser_version",
  "os",
  "provider",
  "country",
  "region",
  "network",
  "relay",
  "client_version",
  "app_version",
  "issue",
] as const;

export type Dimension = (typeof DIMENSIONS)[number];

/** What a value is called from which limit on, by measure and medium. */
export const LIMITS: Record<string, Record<string, [string, number][]>> = {
  mos: {
    audio: [["good", 3.8], ["fair", 3.1], ["poor", 2.6]],
    video: [["good", 3.3], ["fair", 2.6], ["poor", 2.1]],
  },
  loss_percent: {
    audio: [["poor", 5], ["bad", 15]],
    screen: [["poor", 5], ["bad", 15]],
    video: [["poor", 5], ["bad", 15]],
  },
  rtt_ms: {
    audio: [["poor", 300], ["bad", 500]],
    screen: [["poor", 300], ["bad", 500]],
    video: [["poor", 300], ["bad", 500]],
  },
  jitter_ms: {
    audio: [["poor", 50]],
    screen: [["poor", 50]],
    video: [["poor", 50]],
  },
  jitter_buffer_ms: {
    audio: [["poor", 250]],
    screen: [["poor", 250]],
    video: [["poor", 250]],
  },
  concealment_percent: {
    audio: [["poor", 5]],
  },
  freeze_percent: {
    video: [["poor", 30]],
  },
  fps: {
    screen: [["poor", 3]],
    video: [["poor", 8]],
  },
};

/** What the list of sessions can be asked. */
export const SESSION_LIST_PARAMETERS = [
  "search",
  "status",
  "meeting_id",
  "from",
  "to",
  "participants",
  "level",
  "bad",
  "measured",
  "issue",
  "person",
  "browser",
  "browser_version",
  "os",
  "provider",
  "country",
  "region",
  "network",
  "relay",
  "client_version",
  "app_version",
  "hour",
  "tz",
  "sort",
  "order",
  "limit",
  "cursor",
  "page",
] as const;
