/** What the server answers about people and about many calls (docs/reference/dashboard-api.md). */

import type { Level, Maybe, WorstIssue } from "./shapes";

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
