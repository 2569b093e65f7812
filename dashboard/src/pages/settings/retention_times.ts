const DAY_S = 86_400;

/** The choice that leaves a time to the server's settings. */
export const DEFAULT = "";

/** The times that are offered, in seconds; 0: as long as the session. */
export const CHOICES = [1, 7, 14, 30, 90, 180, 365, 730, 0].map((days) => String(days * DAY_S));

/** What each kind of data is, for people. */
export const KINDS: Record<string, { title: string; about: string }> = {
  samples: { title: "Measurements", about: "What browsers reported, as it came." },
  reports: { title: "Reports", about: "Each participant's figures over time and their causes." },
  chat: { title: "Chat messages", about: "What was written in a call." },
  transcripts: { title: "Transcripts", about: "What was said in a call." },
  summaries: { title: "Summaries", about: "Made from transcripts." },
  addresses: {
    title: "IP addresses",
    about: "And places and networks that were found by them. Countries stay.",
  },
  sessions: { title: "Sessions", about: "Everything: who was in a call, when, and how it was." },
};

const UNITS: [number, string][] = [
  [365 * DAY_S, "year"],
  [DAY_S, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** A time in its largest unit that leaves no rest: "90 days", "2 years". */
export function durationInWords(seconds: number): string {
  if (seconds === 0) return "for ever";
  for (const [length, unit] of UNITS) {
    if (seconds % length === 0) {
      const number = seconds / length;
      return `${number.toLocaleString("en")} ${unit}${number === 1 ? "" : "s"}`;
    }
  }
  return `${seconds} seconds`;
}

/** Orders times; for ever is the longest. */
export function isLater(one: string, other: string): number {
  return (Number(one) || Infinity) - (Number(other) || Infinity);
}
