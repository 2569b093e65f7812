/** Labels of issues, events and reasons of leaving. */

import { formatNames, isolate, isVisible } from "./texts";
import type { IssueName } from "../api/constants";
import type { SessionRow, TimelinePeer } from "../api/types";
import type { Severity } from "../api/members";

/** Empty where the name itself in words is the label. */
const ISSUES: Record<IssueName, string> = {
  poor_network_uplink: "Poor uplink",
  severe_network_uplink: "Very poor uplink",
  poor_network_downlink: "Poor downlink",
  severe_network_downlink: "Very poor downlink",
  high_rtt: "Long round trips",
  high_jitter_buffer_delay: "Late audio",
  audio_concealment: "Gaps in audio filled in",
  low_audio_mos: "Bad audio",
  low_video_mos: "Bad video",
  low_available_bitrate: "Little bandwidth",
  bandwidth_limited: "Limited by bandwidth",
  cpu_limited: "Limited by the CPU",
  decoder_overloaded: "",
  video_frozen: "Frozen video",
  low_frame_rate: "",
  low_resolution: "",
  narrow_downlink: "",
  no_video_sent: "",
  no_video_received: "",
  camera_muted: "",
  no_audio_sent: "",
  no_audio_received: "",
  silent_microphone: "",
  constant_audio_level: "",
  one_way_audio: "One-way audio",
  audio_not_played: "",
  negative_feedback_high: "Many repair requests",
  ice_reconnecting: "Reconnecting",
  ice_failed: "No path found (ICE)",
  connection_failed: "",
  slow_connect: "Slow to connect",
  no_answer: "No answer",
  no_relay_candidate: "No path, and no TURN candidate",
  media_refused: "No camera or microphone given",
  turn_relayed: "Through a relay",
  turn_relayed_tcp: "Through a relay over TCP",
  transport_path_changed: "Network path changed",
  stats_gap: "Gap in measurements",
  clock_step: "Clock jumped",
};

/** The names an issue filter offers, in the order of the catalogue. */
export const ISSUE_NAMES = Object.keys(ISSUES) as IssueName[];

export function formatIssue(name: string): string {
  return (ISSUES as Record<string, string>)[name] || capitalise(name.replaceAll("_", " "));
}

const EVENTS: Record<string, string> = {
  joined: "Joined",
  left: "Left",
  audio_on: "Microphone on",
  audio_off: "Microphone off",
  video_on: "Camera on",
  video_off: "Camera off",
  screenshare_on: "Screen share on",
  screenshare_off: "Screen share off",
  screenshare_started: "Screen share on",
  screenshare_stopped: "Screen share off",
  connection_state: "Connection",
  ice_connection_state: "Connection",
  selected_microphone_update: "Microphone chosen",
  selected_camera_update: "Camera chosen",
  selected_speaker_update: "Speaker chosen",
  feedback: "Feedback",
  candidate_pair_changed: "Network path changed",
  device_changed: "Device changed",
  page_hidden: "Page hidden",
  page_visible: "Page visible",
};

export function formatEvent(name: string): string {
  return EVENTS[name] ?? capitalise(name.replaceAll("_", " "));
}

export function formatSeverity(severity: Severity): string {
  return severity === "information" ? "Note" : "Cause";
}

export function formatLeaveReason(peer: TimelinePeer): string {
  switch (peer.left_reason) {
    case "kicked":
      return "was removed";
    case "silence":
      return "fell silent (inferred)";
    case "session_ended":
      return "session ended";
    case "said":
      return "left";
    default:
      return peer.left_at === null ? "still there" : "left";
  }
}

export function formatPhase(call: SessionRow): string {
  if (call.status === "ENDED") {
    return call.end_reason === "closed" ? "Closed" : "Ended";
  }
  if (call.phase === "draining") return "Everybody left, may come back";
  return call.phase === "open" ? "Open, nobody there yet" : "Live";
}

/** Families of streams: `audio_producer` → `audio`. */
export function formatFamily(family: string): string {
  const words = family.replace(/_(producer|consumer)$/, "");
  return (
    {
      audio: "Audio",
      video: "Video",
      screenshare_audio: "Screen audio",
      screenshare_video: "Screen",
    }[words] ?? capitalise(words.replaceAll("_", " "))
  );
}

const NETWORKS: Record<string, string> = {
  wifi: "Wi-Fi",
  ethernet: "Ethernet",
  cellular: "Mobile network",
  vpn: "VPN",
  bluetooth: "Bluetooth",
};

export function formatNetwork(network: string): string {
  return NETWORKS[network] ?? capitalise(network);
}

const RELAYS: Record<string, string> = {
  none: "Direct",
  udp: "TURN over UDP",
  tcp: "TURN over TCP",
  tls: "TURN over TLS",
};

export function formatRelay(relay: string): string {
  return RELAYS[relay] ?? relay.toUpperCase();
}

const regions = new Intl.DisplayNames(undefined, { type: "region", fallback: "code" });

export function formatCountry(code: string): string {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

/** A value of one of the overview's breakdowns in words. */
export function formatValue(dimension: string, value: string): string {
  switch (dimension) {
    case "country":
      return formatCountry(value);
    case "network":
      return formatNetwork(value);
    case "relay":
      return formatRelay(value);
    case "issue":
      return formatIssue(value);
    case "provider":
      return formatProvider(value);
    case "region":
      return formatRegion(value);
    case "hour":
      return formatHour(value);
    default:
      return value;
  }
}

/** `Example Cable (AS64497)`: the name of an autonomous system first. */
function formatProvider(value: string): string {
  const found = /^(AS\d+) (.+)$/.exec(value);
  return found ? `${found[2]} (${found[1]})` : value;
}

/** `Lisbon, Portugal` */
function formatRegion(value: string): string {
  const found = /^(.+), ([A-Z]{2})$/.exec(value);
  return found?.[2] ? `${found[1]}, ${formatCountry(found[2])}` : value;
}

/** An hour of the day: `9:00–10:00`. */
export function formatHour(hour: string): string {
  return `${hour}:00–${Number(hour) + 1}:00`;
}

const DIMENSION_NAMES: Record<string, string> = {
  browser_version: "Browser",
  os: "System",
  provider: "Network provider",
  relay: "Path",
  client_version: "Client",
  app_version: "App",
};

/** What a dimension of calls is called. */
export function formatDimension(name: string): string {
  return DIMENSION_NAMES[name] ?? capitalise(name);
}

export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A participant's name, or a stand-in for one that cannot be seen. */
export function formatName(name: string | null | undefined): string {
  return isVisible(name) ? name : "Without a name";
}

interface Titled {
  title: string | null;
  participants?: readonly { name: string | null }[];
  total_participants?: number;
}

/** A session's title: that of its meeting, else who was in it, each name apart from the others. */
export function formatTitle(call: Titled, people = call.participants ?? []): string {
  if (isVisible(call.title)) return call.title;
  const names = people.map((one) => one.name).filter(isVisible).map(isolate);
  if (!names.length) return "Untitled meeting";
  return formatNames(names, Math.max(call.total_participants ?? 0, people.length));
}
