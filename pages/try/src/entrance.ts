/** What the server hands to somebody it lets in. */
export interface Ticket {
  app_id: string;
  meeting_id: string;
  participant_id: string;
  token: string;
  /** Where the record can be seen, with `{session_id}` to be filled in. */
  record_path: string;
}

/** Who was in which room in this tab, to be there again after a reload. */
export interface Visit {
  name: string;
  room: string;
  token: string;
  /** Whether the tab was in the call when it was last seen. */
  isIn: boolean;
}

const KEY = "aftercall try";

/** Lets somebody into a room. Throws an `Error` whose message is for people. */
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
