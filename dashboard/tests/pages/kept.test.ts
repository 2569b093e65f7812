import { describe, expect, it } from "vitest";
import type { SessionPage } from "../../src/api/types";
import { emptyTitle } from "../../src/pages/session/kept";

const page = (...expired: string[]) => ({ expired }) as unknown as SessionPage;

describe("an empty part of a session's page", () => {
  it("says that its data are not kept any more, and only its own", () => {
    expect(emptyTitle(page("chat", "samples"), "chat", "Nobody wrote")).toBe(
      "The chat is not kept any more",
    );
    expect(emptyTitle(page("transcripts"), "chat", "Nobody wrote")).toBe("Nobody wrote");
  });
});
