import { describe, expect, it } from "vitest";
import { snippetsFor } from "../../src/pages/session/snippets";

const WANTED = { origin: "http://host", accountId: "acc", appId: "app", sessionId: "s1" };

describe("snippets", () => {
  it("ask RealtimeKit's operations, and hold no token", () => {
    const { curl, python } = snippetsFor(WANTED);
    expect(curl).toContain("'http://host/client/v4/accounts/acc/realtime/kit/app/sessions/s1'");
    expect(curl).toContain("$AFTERCALL_TOKEN");
    expect(python).toContain('sessions.get_session_details(\n    session_id="s1",');
    expect(snippetsFor({ ...WANTED, peerId: "p1" }).curl).toContain("/sessions/peer-report/p1'");
  });

  it("cannot be broken out of by an id", () => {
    const { curl, python } = snippetsFor({ ...WANTED, sessionId: `x'; rm -rf "~"` });
    expect(curl).toContain(`x'\\''; rm -rf "~"'`);
    expect(python).toContain('session_id="x\'; rm -rf \\"~\\"",');
  });
});
