import { describe, expect, it } from "vitest";
import type { LiveSession, SessionListPage, SessionRow } from "../../src/api/types";
import { applyLiveUpdates } from "../../src/pages/sessions/live_list";

const call = (values: Partial<SessionRow>): SessionRow => ({ status: "LIVE", minutes: 3, ...values }) as SessionRow;
const news = (values: Partial<LiveSession>): LiveSession =>
  ({ status: "LIVE", minutes: null, ...values }) as LiveSession;

describe("news of live sessions", () => {
  const list = {
    live: [call({ id: "a" }), call({ id: "b" })],
    items: [call({ id: "c", status: "ENDED", live_participants: 0 })],
  } as SessionListPage;

  it("renew the rows they are about and leave the others as they are", () => {
    const renewed = applyLiveUpdates(list, new Map([["a", news({ id: "a", live_participants: 5 })]]));
    expect(renewed.live[0]?.live_participants).toBe(5);
    expect(renewed.live[0]?.minutes).toBe(3);
    expect(renewed.live[1]).toBe(list.live[1]);
  });

  it("end a row in its place", () => {
    const ended = news({ id: "b", status: "ENDED", ended_at: 9 });
    expect(applyLiveUpdates(list, new Map([["b", ended]])).live[1]?.status).toBe("ENDED");
  });

  it("that come late do not revive what has ended", () => {
    const late = news({ id: "c", live_participants: 2 });
    expect(applyLiveUpdates(list, new Map([["c", late]])).items[0]).toBe(list.items[0]);
  });
});
