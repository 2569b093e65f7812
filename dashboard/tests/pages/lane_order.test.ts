import { describe, expect, it } from "vitest";
import type { Level, ParticipantTimeline } from "../../src/api/types";
import { chosenLane, personOf } from "../../src/pages/session/chosen_lane";
import { findLanes, groupLanes, SMALL_ROOM } from "../../src/pages/session/lane_order";
import { inOrderOf } from "../../src/pages/session/steady_order";

function lane(id: string, level: Level, members: Partial<ParticipantTimeline> = {}): ParticipantTimeline {
  return {
    participant_id: id,
    person: `person-${id}`,
    name: id,
    custom_participant_id: null,
    user_id: null,
    level,
    p10_mos_audio: level || null,
    p10_mos_video: null,
    is_hidden: false,
    joined_at: 0,
    peers: [{ id: `peer-${id}` }],
    ...members,
  } as ParticipantTimeline;
}

const idsOf = (lanes: readonly ParticipantTimeline[]): string[] => lanes.map((one) => one.participant_id);

describe("the order of people", () => {
  it("begins with the worst; who was not judged or is hidden comes last", () => {
    const lanes = [
      lane("good", 4),
      lane("hidden", 1, { is_hidden: true }),
      lane("unknown", 0),
      lane("poor", 2, { p10_mos_audio: 2.7 }),
      lane("poorer", 2, { p10_mos_audio: 2.6 }),
      lane("bad", 1),
    ];
    const { full, thin } = groupLanes(lanes, null);
    expect(idsOf(full)).toEqual(["bad", "poorer", "poor", "good", "unknown", "hidden"]);
    expect(thin).toEqual([]);
  });

  it("begins with the person as whom the call is seen", () => {
    const lanes = [lane("bad", 1), lane("good", 4)];
    expect(idsOf(groupLanes(lanes, lanes[1] ?? null).full)).toEqual(["good", "bad"]);
  });

  it("has full rows for those who had trouble in a big room, and thin ones for the others", () => {
    const lanes = Array.from({ length: SMALL_ROOM + 3 }, (_, index) => lane(`p${index}`, index === 4 ? 1 : 4));
    const chosen = lanes[7] ?? null;
    const { full, thin } = groupLanes(lanes, chosen);
    expect(idsOf(full)).toEqual(["p7", "p4"]);
    expect(thin).toHaveLength(SMALL_ROOM + 1);
  });

  it("does not grow with the number of people who had trouble", () => {
    const lanes = Array.from({ length: 200 }, (_, index) => lane(`p${index}`, 1));
    const { full, thin } = groupLanes(lanes, null);
    expect([full.length, thin.length]).toEqual([12, 188]);
  });

  it("keeps its order while it is held, with new people at the end", () => {
    const items = ["c", "new", "a", "b"];
    expect(inOrderOf(items, (item) => item, ["a", "b", "c", "gone"])).toEqual(["a", "b", "c", "new"]);
  });
});

describe("the search among people", () => {
  const lanes = [lane("1", 4, { name: "Zoë O'Brien" }), lane("2", 4, { name: "Ann", custom_participant_id: "crm-7" })];

  it("folds case, accents and apostrophes", () => {
    for (const text of ["zoe", "OBRIEN", "o’brien", " Zoë "]) expect(idsOf(findLanes(lanes, text))).toEqual(["1"]);
  });

  it("finds ids, and everybody by nothing", () => {
    expect(idsOf(findLanes(lanes, "crm"))).toEqual(["2"]);
    expect(findLanes(lanes, "  ")).toHaveLength(2);
    expect(findLanes(lanes, "nobody")).toEqual([]);
  });
});

describe("the person of an address", () => {
  const lanes = [lane("1", 4), lane("2", 4, { person: "twin" }), lane("3", 4, { person: "twin" })];

  it("is named by participant, person or connection", () => {
    expect(["1", "person-1", "peer-1"].map((key) => chosenLane(lanes, key)?.participant_id)).toEqual(["1", "1", "1"]);
    expect([null, "", "other"].map((key) => chosenLane(lanes, key))).toEqual([null, null, null]);
  });

  it("is written so that it leads back to the same lane", () => {
    for (const one of lanes) expect(chosenLane(lanes, personOf(one, lanes))).toBe(one);
  });
});
