import { describe, expect, it } from "vitest";
import type { ChatLine, SpokenLine } from "../../src/api/types";
import { mergeTalk, nextToLoad, type Loaded } from "../../src/pages/session/talk_lines";

function list<Line>(next: string | null, ...moments: number[]): Loaded<Line> {
  return { items: moments.map((at) => ({ id: String(at), at })) as Line[], next_cursor: next };
}

describe("chat and transcript as one list", () => {
  it("is in the order of time", () => {
    const lines = mergeTalk(list<ChatLine>(null, 10, 30), list<SpokenLine>(null, 20, 40));
    expect(lines.map((line) => line.at)).toEqual([10, 20, 30, 40]);
  });

  it("ends where one of the lists is not known further, and continues that one", () => {
    const chat = list<ChatLine>("more", 10, 30);
    const transcript = list<SpokenLine>(null, 20, 40);
    expect(mergeTalk(chat, transcript).map((line) => line.at)).toEqual([10, 20, 30]);
    expect(nextToLoad(chat, transcript)).toBe("chat");
    expect(nextToLoad(chat, list<SpokenLine>("more", 20))).toBe("transcript");
    expect(nextToLoad(list<ChatLine>(null), transcript)).toBeNull();
  });
});
