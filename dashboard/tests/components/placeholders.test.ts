import { describe, expect, it } from "vitest";
import { RequestError } from "../../src/api/request";
import { listClass } from "../../src/components/placeholders";

describe("what shows an answer", () => {
  it("is under way while an earlier answer stands there, and cut off once it cannot be renewed", () => {
    expect(listClass({ isCurrent: true, error: undefined }, "overview")).toBe("overview list");
    expect(listClass({ isCurrent: false, error: undefined })).toBe("list stale");
    expect(listClass({ isCurrent: false, error: new RequestError(0, "no_connection", "gone") })).toBe("list stale cut");
  });
});
