/** What the latest calls of a person come to, in words. */

import type { Level, RecentCall } from "../api/types";
import { formatIssue } from "./labels";
import { formatCount, formatPlural } from "./numbers";
import { formatLevel } from "./quality";
import { withoutTurns } from "./texts";
import { monthOf } from "./time";

/** The first words of a name stand for it in later sentences, if they are long enough to be one. */
export function firstNameOf(name: string): string {
  const [first = ""] = name.trim().split(/\s+/u);
  return first.length > 1 ? first : name;
}

/** `Mei’s`. */
export function possessive(name: string): string {
  return `${name}’s`;
}

function countOf(calls: readonly RecentCall[], level: Level): number {
  return calls.filter((call) => call.level === level).length;
}

/** `1 bad, 2 poor and 3 fair of 50 calls`; calls in which nothing was measured are named. */
export function formatLevelsOfCalls(calls: readonly RecentCall[]): string {
  const parts = ([[1, "bad"], [2, "poor"], [3, "fair"]] as const)
    .map(([level, word]) => [countOf(calls, level), word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${formatCount(count)} ${word}`);
  const unmeasured = countOf(calls, 0);
  const judged = calls.length - unmeasured;
  const of = `of ${formatPlural(judged, "measured call")}`;
  const words = parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : (parts[0] ?? "None below good");
  if (!judged) return `${formatPlural(calls.length, "call")}, none of them measured`;
  return unmeasured ? `${words} ${of}, ${formatCount(unmeasured)} not measured` : `${words} of ${formatPlural(judged, "call")}`;
}

const MOSTLY = 0.5;
const OFTEN = 0.2;
/** Of fewer calls their number is said: a share of them may be chance. */
const ENOUGH = 5;

/** How the calls are, in one sentence. */
export function formatPersonVerdict(name: string, calls: readonly RecentCall[]): string {
  const whose = possessive(withoutTurns(firstNameOf(name)));
  const judged = calls.filter((call) => call.level > 0);
  if (!judged.length) return `Nothing was measured in ${whose} calls.`;
  const share = (level: Level): number => countOf(judged, level) / judged.length;
  const [only] = judged;
  if (only && judged.length === 1) {
    const which = calls.length > 1 ? "only measured call" : "only call";
    return `${whose} ${which} was ${formatLevel(only.level).toLowerCase()}.`;
  }
  if (share(4) === 1) return `${whose} calls were all good.`;
  if (judged.length < ENOUGH) {
    const worst = ([1, 2, 3] as const).find((level) => countOf(judged, level) > 0) ?? 4;
    const count = countOf(judged, worst);
    const of = calls.length > judged.length ? "measured calls" : "calls";
    const verb = count === 1 ? "was" : "were";
    if (count === judged.length) return `${whose} ${of} were all ${formatLevel(worst).toLowerCase()}.`;
    return `${formatCount(count)} of ${whose} ${formatCount(judged.length)} ${of} ${verb} ${formatLevel(worst).toLowerCase()}.`;
  }
  if (share(1) >= OFTEN) return `${whose} calls are often bad.`;
  if (share(1) + share(2) >= OFTEN) return `${whose} calls are often poor.`;
  if (share(4) > MOSTLY) return `${whose} calls are mostly good.`;
  if (share(3) > MOSTLY) return `${whose} calls are mostly fair.`;
  return `${whose} calls are of mixed quality.`;
}

export interface CommonIssue {
  label: string;
  /** Whether it lay at the person in every one of the calls. */
  isOwn: boolean;
  calls: number;
  of: number;
  level: Level;
  /** The latest of the calls with it. */
  latest: RecentCall;
}

/** What went wrong most often in the calls that were poor or bad, else in those that were fair. */
export function commonIssueOf(calls: readonly RecentCall[]): CommonIssue | null {
  const worse = calls.filter((call) => call.level === 1 || call.level === 2);
  const below = worse.length ? worse : calls.filter((call) => call.level === 3);
  const counts = new Map<string, RecentCall[]>();
  for (const call of below) {
    if (call.issue) counts.set(call.issue, [...(counts.get(call.issue) ?? []), call]);
  }
  const [first] = [...counts].sort(([, one], [, other]) => other.length - one.length);
  if (!first) return null;
  const [issue, own] = first;
  const latest = own.reduce((last, call) => (call.joined_at > last.joined_at ? call : last));
  const level = ([1, 2, 3] as const).find((one) => own.some((call) => call.level === one)) ?? 4;
  const isOwn = own.every((call) => call.is_own);
  return { label: formatIssue(issue).toLowerCase(), isOwn, calls: own.length, of: below.length, level, latest };
}

export interface PersonMonth {
  name: string;
  from: number;
  calls: number;
  minutes: number;
  poor: number;
  bad: number;
}

/** The calls by the month in which the person joined, in the chosen zone, the latest first. */
export function monthsOf(calls: readonly RecentCall[]): PersonMonth[] {
  const months = new Map<string, RecentCall[]>();
  for (const call of calls) {
    const name = monthOf(call.joined_at);
    months.set(name, [...(months.get(name) ?? []), call]);
  }
  return [...months]
    .map(([name, own]) => ({
      name,
      from: own[0]?.joined_at ?? 0,
      calls: own.length,
      minutes: own.reduce((sum, call) => sum + call.minutes, 0),
      poor: countOf(own, 2),
      bad: countOf(own, 1),
    }))
    .sort((one, other) => (one.name < other.name ? 1 : -1));
}
