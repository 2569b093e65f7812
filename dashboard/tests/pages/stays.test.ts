import { describe, expect, it } from "vitest";
import type { Level, ParticipantTimeline } from "../../src/api/types";
import { chosenLane } from "../../src/pages/session/chosen_lane";
import { joinStays, laneOf } from "../../src/pages/session/stays";

function lane(id: string, person: string, from: number, to: number | null, members: Partial<ParticipantTimeline> = {}) {
  return {
    participant_id: id,
    person,
    name: person,
    is_hidden: false,
    joined_at: from,
    left_at: to,
    left_is_inferred: false,
    minutes: 1,
    peers: [{ id: `peer-${id}` }],
    muted: [],
    camera_off: [],
    screenshare: [],
    mos_audio: [null, null],
    mos_video: [null, null],
    levels: [0, 0] as Level[],
    worst_stream: [0, 0] as Level[],
    p10_mos_audio: null,
    p10_mos_video: null,
    level: 4 as Level,
    audio_level: 4 as Level,
    video_level: 0 as Level,
    is_bad: false,
    is_measured: true,
    browser: null,
    ...members,
  } as unknown as ParticipantTimeline;
}

describe("the lanes of people", () => {
  it("has one for who came back as another participant", () => {
    const joined = joinStays([
      lane("second", "mei", 20, 30, { level: 1, mos_audio: [null, 2], levels: [0, 1], is_bad: true, p10_mos_audio: 2 }),
      lane("first", "mei", 0, 10, { mos_audio: [4.2, null], levels: [4, 0], p10_mos_audio: 4.2, browser: "Chrome" }),
      lane("other", "liam", 0, 30),
    ]);
    expect(joined).toHaveLength(2);
    const mei = laneOf(joined, "first");
    expect(mei).toBe(laneOf(joined, "second"));
    expect(mei).toMatchObject({
      participant_id: "second",
      joined_at: 0,
      left_at: 30,
      minutes: 2,
      mos_audio: [4.2, 2],
      levels: [4, 1],
      level: 1,
      p10_mos_audio: 2,
      is_bad: true,
      browser: "Chrome",
    });
    expect(mei?.peers.map((peer) => peer.id)).toEqual(["peer-first", "peer-second"]);
    for (const wanted of ["mei", "first", "second", "peer-first"]) expect(chosenLane(joined, wanted)).toBe(mei);
  });

  it("leaves two tabs apart, and somebody who is there for ever", () => {
    expect(joinStays([lane("one", "mei", 0, 20), lane("two", "mei", 10, 30)])).toHaveLength(2);
    expect(joinStays([lane("one", "mei", 0, null), lane("two", "mei", 10, 30)])).toHaveLength(2);
  });

  it("joins any number of stays", () => {
    const [mei, ...rest] = joinStays([0, 1, 2, 3].map((at) => lane(`p${at}`, "mei", at * 10, at * 10 + 5)));
    expect(rest).toEqual([]);
    expect(mei?.peers).toHaveLength(4);
    expect(mei?.minutes).toBe(4);
  });
});
