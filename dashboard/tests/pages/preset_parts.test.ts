import { describe, expect, it } from "vitest";
import { USUAL_PRESET } from "../../src/api/usual_preset";
import { choicesOf, draftOf, readParts, withMember, writeParts } from "../../src/pages/settings/preset_parts";

describe("the parts of a preset", () => {
  const draft = draftOf(USUAL_PRESET);

  it("are the same after they were written and read", () => {
    expect(readParts(writeParts(draft))).toEqual({
      parts: { config: draft.config, permissions: draft.permissions, ui: draft.ui },
    });
  });

  it.each([
    ["{", "not JSON"],
    ["[]", "not a JSON object"],
    ['{"config": {}, "permissions": {}}', "ui is missing"],
    ['{"config": {}, "permissions": {}, "ui": {}, "extra": 1}', "no part extra"],
  ])("%s is refused in a sentence", (text, words) => {
    const read = readParts(text);
    expect("problem" in read && read.problem).toContain(words);
  });

  it("change one member and share the rest", () => {
    const changed = withMember(draft.permissions, ["polls", "can_vote"], false);
    expect(changed.polls).toEqual({ ...(draft.permissions.polls as object), can_vote: false });
    expect(changed.chat).toBe(draft.permissions.chat);
  });

  it("offer choices only where the value is one of them", () => {
    expect(choicesOf("view_type", "WEBINAR")).toContain("GROUP_CALL");
    expect(choicesOf("view_type", "SOMETHING_NEW")).toBeNull();
  });
});
