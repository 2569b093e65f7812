import { describe, expect, it } from "vitest";
import type { CauseRow, SessionPage, VerdictWords } from "../../src/api/types";
import { zone } from "../../src/format/zone";
import { writeMarkdown, writePlain } from "../../src/pages/session/ticket";

const FROM = Date.parse("2026-11-26T12:19:00Z");
zone.value = "Europe/Berlin";

const page = {
  from_at: FROM,
  now: FROM + 900_000,
  call: {
    title: "Follow-up *1*",
    started_at: FROM,
    ended_at: FROM + 720_000,
    quality: { level: 1, people_letters: [1, 0, 0, 1], measured_participants: 2, letters: [1, 0, 0, 1] },
  },
  lanes: [
    { name: "Noor", level: 4, is_hidden: false },
    { name: "Elif [x](http://evil)", level: 1, is_hidden: false },
  ],
} as unknown as SessionPage;

const verdict = {
  who: [{ text: "Elif", participant_id: "e" }, { text: "'s uplink" }],
  what: [{ text: " lost about 12 %, since 12:23:04 UTC." }],
  reach: [{ text: "Everybody heard it." }],
  more: [],
  advice: [{ text: "take a cable." }],
} as unknown as VerdictWords;

const causes = [
  { is_note: false, spans: [[FROM + 240_000, FROM + 300_000]], happened: [[{ text: "Lost at 12:23:04 UTC." }]] },
  { is_note: true, spans: [], happened: [[{ text: "A note." }]] },
] as unknown as CauseRow[];

const ticket = { page, verdict, causes, link: "https://here/sessions/1?at=x", at: FROM + 250_000 };

describe("a ticket", () => {
  it("has verdict, people, times with their zone, and the link", () => {
    const text = writePlain(ticket);
    expect(text).toContain("13:19:00–13:31:00");
    expect(text).toMatch(/Bad for 1 of 2\. Elif's uplink lost about 12 %, since 13:23:04 \S+\. Everybody heard it\./);
    expect(text).toContain("What to do: take a cable.");
    expect(text).toMatch(/- Lost at 13:23:04 \S+\./);
    expect(text).toContain("People: Elif [x](http://evil) (bad), Noor (good)");
    expect(text).toMatch(/Moment: 13:23:10 \S+/);
    expect(text.endsWith("https://here/sessions/1?at=x")).toBe(true);
    expect(text).not.toContain("UTC.");
  });

  it("has no mark of a person's text in its Markdown", () => {
    const text = writeMarkdown(ticket);
    expect(text).toContain("**Follow-up \\*1\\***");
    expect(text).toContain("Elif \\[x\\](http://evil) (bad)");
    expect(text).toMatch(/\[Open the session at 13:23:10 \S+\]\(https:\/\/here\/sessions\/1\?at=x\)$/);
  });
});
