import { describe, expect, it } from "vitest";
import type { OtherEnd, Stream } from "../../src/api/types";
import { findOther, join, nearest } from "../../src/pages/participant/metrics";

const stream = (values: Partial<Stream>): Stream => values as Stream;

describe("the other end of a stream", () => {
  const streams = [
    stream({ key: "a", family: "audio_producer", ssrc: 1, producer_id: "p1" }),
    stream({ key: "b", family: "audio_producer", ssrc: 2, producer_id: "p2" }),
    stream({ key: "c", family: "video_producer", ssrc: 1, producer_id: null }),
  ];
  const other = (values: Partial<OtherEnd>): OtherEnd =>
    ({ stream_family: "audio_producer", ssrc: null, producer_id: null, ...values }) as OtherEnd;

  it("is found by producer, else by ssrc, in its family only", () => {
    expect(findOther(streams, other({ producer_id: "p2", ssrc: 1 }))?.key).toBe("b");
    expect(findOther(streams, other({ ssrc: 1 }))?.key).toBe("a");
    expect(findOther(streams, other({ stream_family: "video_producer", ssrc: 1 }))?.key).toBe("c");
    expect(findOther(streams, other({ ssrc: 9 }))).toBeNull();
    expect(findOther(streams, other({}))).toBeNull();
  });
});

describe("two series on one axis", () => {
  it("keep every value of both, and gaps apart from other moments", () => {
    const joined = join([10, 30], [1, null], [20, 30], [5, 6]);
    expect(joined.t).toEqual([10, 20, 30]);
    expect(joined.values).toEqual([1, undefined, null]);
    expect(joined.others).toEqual([undefined, 5, 6]);
  });
});

describe("the sample at the cursor", () => {
  it("is the nearest one within reach", () => {
    expect(nearest([0, 100, 200], 140, 50)).toBe(1);
    expect(nearest([0, 100, 200], 260, 50)).toBeNull();
    expect(nearest([], 0, 50)).toBeNull();
  });
});
