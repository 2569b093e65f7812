/** The sources that are set up by an address and a key, and what each calls them. */

export interface SourceKind {
  name: string;
  system: string;
  /** Where the address below is entered. */
  where: string;
  /** The path below the app; `KEY` stands for the secret. */
  path: string;
  scheme: "http" | "ws";
  /** What the id and the secret of a key are; `null`: the source sends an API token. */
  key: { id: string; secret: string; idOf: string | null } | null;
  guide: string;
  /** Whether its server can be asked who is in which room. */
  isAsked?: boolean;
}

export const SOURCE_KINDS: readonly SourceKind[] = [
  {
    name: "livekit",
    system: "LiveKit",
    where: "webhook.urls in LiveKit's configuration",
    path: "sources/livekit",
    scheme: "http",
    key: { id: "API key", secret: "API secret", idOf: null },
    guide: "collect-from-livekit",
    isAsked: true,
  },
  {
    name: "bigbluebutton",
    system: "BigBlueButton",
    where: "meta_analytics-callback-url of a meeting, and callbackURL of its webhooks",
    path: "sources/bigbluebutton",
    scheme: "http",
    key: { id: "Name of the server", secret: "Shared secret (bbb-conf --secret)", idOf: null },
    guide: "bigbluebutton",
  },
  {
    name: "bigbluebutton-end",
    system: "BigBlueButton, end callback",
    where: "meta_endCallbackUrl of a meeting",
    path: "sources/bigbluebutton/ended/KEY",
    scheme: "http",
    key: { id: "Name of the server", secret: "A key of your choice, never the shared secret", idOf: null },
    guide: "bigbluebutton",
  },
  {
    name: "jitsi",
    system: "Jitsi, pages",
    where: "analytics.rtcstatsEndpoint in config.js",
    path: "sources/jitsi/stats/KEY",
    scheme: "ws",
    key: { id: "Name of the deployment", secret: "A key of your choice, which the pages will hold", idOf: null },
    guide: "jitsi",
  },
  {
    name: "realtimekit",
    system: "RealtimeKit, webhooks",
    where: "The address of a webhook in RealtimeKit",
    path: "sources/realtimekit",
    scheme: "http",
    key: { id: "Name of the key", secret: "The vendor's public key (PEM)", idOf: "vendor" },
    guide: "realtimekit-webhooks",
  },
  {
    name: "prosody",
    system: "Jitsi, Prosody",
    where: "api_prefix of event_sync_component, with an API token in api_headers",
    path: "sources/jitsi",
    scheme: "http",
    key: null,
    guide: "jitsi",
  },
  {
    name: "janus",
    system: "Janus",
    where: "backend of the sample event handler, with an API token as backend_pwd",
    path: "sources/janus?stats_period=5",
    scheme: "http",
    key: null,
    guide: "janus",
  },
];

/** The address to enter at a source. `secret` takes the place of `KEY` where it is known. */
export function sourceAddress(kind: SourceKind, origin: string, appId: string, secret?: string): string {
  const base = kind.scheme === "ws" ? origin.replace(/^http/, "ws") : origin;
  const path = secret ? kind.path.replace("KEY", encodeURIComponent(secret)) : kind.path;
  return `${base}/v1/apps/${encodeURIComponent(appId)}/${path}`;
}

/** A secret that nobody guesses: 32 hexadecimal digits. */
export function makeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
