/** Alert rules in sentences. */

import type { Channel, RuleSpec } from "../../api/types";
import { formatCount, formatPlural } from "../../format/numbers";

export const CONDITION_KINDS = [
  { kind: "live_quality", title: "A live call is bad" },
  { kind: "issue", title: "Trouble lasts in a live call" },
  { kind: "bad_share", title: "Too many calls were bad" },
  { kind: "no_calls", title: "There are no calls" },
  { kind: "silent_source", title: "A source fell silent" },
  { kind: "dead_jobs", title: "Jobs of the server failed" },
] as const;

export type ConditionKind = (typeof CONDITION_KINDS)[number]["kind"];

export const CHANNEL_KINDS: readonly { kind: string; title: string; field: string; about: string }[] = [
  { kind: "webhook", title: "Webhook", field: "url", about: "Address that takes JSON" },
  { kind: "slack", title: "Slack, Mattermost", field: "url", about: "Address of the incoming webhook" },
  { kind: "pagerduty", title: "PagerDuty", field: "routing_key", about: "Integration key, Events API v2" },
  { kind: "email", title: "Mail", field: "to", about: "Mailboxes, with commas between" },
  { kind: "apprise", title: "Apprise", field: "url", about: "Address of Apprise, such as matrix://…" },
];

const LEVELS: Record<string, string> = { bad: "bad", poor: "poor or worse", fair: "fair or worse" };

/** When a rule is raised: "A live call is bad for 3 min, for 1 person or more". */
export function formatCondition({ condition: is }: RuleSpec): string {
  switch (is.kind) {
    case "live_quality":
      return `A live call is ${LEVELS[is.level]} for ${is.minutes} min, for ${atLeast(is.people)}`;
    case "issue": {
      const causes = is.causes.length ? is.causes.map((each) => each.replaceAll("_", " ")).join(", ") : "any trouble";
      const severe = is.least_severity === "severe" ? ", severe" : "";
      return `In a live call lasts ${causes}${severe}, for ${atLeast(is.people)}`;
    }
    case "bad_share": {
      const bounds = [
        is.above_percent !== null && `more than ${is.above_percent} %`,
        is.above_past && `surely more than in the ${formatPlural(is.past_days, "day")} before`,
      ].filter(Boolean);
      return `Of the calls of ${formatMinutesOf(is.window_minutes)} ${bounds.join(" or ")} are bad, of ${formatCount(is.least_calls)} or more`;
    }
    case "no_calls":
      return `No session within ${formatMinutesOf(is.window_minutes)}${is.past_weeks ? `, as there were ${formatPlural(is.past_weeks, "week")} before` : ""}`;
    case "silent_source":
      return `Nothing from ${is.source} for ${formatMinutesOf(is.minutes)}`;
    case "dead_jobs":
      return is.above ? `More than ${formatPlural(is.above, "job")} failed for good` : "A job failed for good";
  }
}

function atLeast(people: number): string {
  return people === 1 ? "1 person or more" : `${formatCount(people)} people or more`;
}

function formatMinutesOf(minutes: number): string {
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** Where a channel leads, as far as that is shown. */
export function formatTarget(channel: Channel): string {
  const { host, to, scheme } = channel.target;
  if (Array.isArray(to)) return to.join(", ");
  if (typeof host === "string") return host;
  return typeof scheme === "string" ? scheme : "";
}
