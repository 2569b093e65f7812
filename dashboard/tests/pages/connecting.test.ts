import { describe, expect, it } from "vitest";
import type { CallEvent, CandidatePairText } from "../../src/api/types";
import { connectingSteps } from "../../src/pages/participant/connecting";

const event = (at: number, name: string, state?: string): CallEvent => ({
  at,
  name,
  participant_id: "ada",
  peer_id: "ada",
  data: state === undefined ? {} : { state },
});
const words = (events: CallEvent[], pairs = 0): string =>
  connectingSteps(events, Array<CandidatePairText>(pairs))
    .map((step) => step.text.replaceAll("\u00a0", " "))
    .join(", ");

describe("how a connection came about", () => {
  const begin = [
    event(0, "joined"),
    event(100, "signaling_state", "have-local-offer"),
    event(300, "signaling_state", "stable"),
    event(400, "ice_connection_state", "checking"),
    event(1400, "ice_connection_state", "connected"),
  ];

  it("is an offer, an answer, candidate pairs and the time it took", () => {
    expect(words(begin, 3)).toBe("offer, answer, 3 candidate pairs, connected after 1.4 s");
  });

  it("says it once where several states say the same", () => {
    const more = [event(1410, "connection_state", "connected"), event(1500, "ice_connection_state", "completed")];
    expect(words([...begin, ...more])).toBe("offer, answer, connected after 1.4 s");
  });

  it("goes on with what broke and for how long", () => {
    const broken = [
      event(60_000, "ice_connection_state", "disconnected"),
      event(60_500, "connection_state", "disconnected"),
      event(64_000, "ice_restart"),
      event(65_000, "ice_connection_state", "connected"),
    ];
    expect(words([...begin, ...broken])).toMatch(
      /connected after 1.4 s, disconnected at \d\d:\d1:00, ICE restart, connected again after 5.0 s$/,
    );
  });

  it("is empty where no state was recorded", () => {
    expect(words([event(0, "joined"), event(9, "audio_on")])).toBe("");
  });
});
