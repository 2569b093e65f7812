/** The server's answer to a person who may enter. */
export interface Ticket {
  app_id: string;
  meeting_id: string;
  participant_id: string;
  token: string;
  /** Path of the record's page, with the placeholder `{session_id}`. */
  record_path: string;
}

/** The person and room of this tab, to continue after a reload. */
export interface Visit {
  name: string;
  room: string;
  token: string;
  /** Whether the tab was in the call when it was last seen. */
  isIn: boolean;
}

const KEY = "aftercall try";

/** Requests access to a room. Throws an `Error` with a message for people. */
export async function enter(name: string, room: string, token?: string): Promise<Ticket> {
  let response: Response;
  try {
    response = await fetch("/try/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name, room, token }),
    });
  } catch {
    throw new Error("The server cannot be reached. Is it running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(answer.errors?.[0]?.message ?? `The server answered ${response.status}.`);
  }
  return answer;
}

export function readVisit(): Visit | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "") ?? undefined;
  } catch {
    return undefined;
  }
}

export function saveVisit(visit: Visit): void {
  sessionStorage.setItem(KEY, JSON.stringify(visit));
}

const FIRST = ["amber", "brisk", "calm", "early", "gentle", "lucid", "quiet", "swift"];
const SECOND = ["cedar", "harbor", "heron", "lantern", "meadow", "otter", "river", "willow"];

/** A room name that is easy to say over the phone. */
export function suggestRoom(): string {
  const pick = (words: string[]) => words[Math.floor(Math.random() * words.length)];
  return `${pick(FIRST)}-${pick(SECOND)}-${Math.floor(10 + Math.random() * 90)}`;
}
