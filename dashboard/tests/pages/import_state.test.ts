import { afterEach, describe, expect, it, vi } from "vitest";
import { shownImports, showOpenImports } from "../../src/pages/sessions/import_state";

const RUNNING = {
  id: "i1",
  requested_at: 1_795_700_000_000,
  requested_by: "t",
  state: "running",
  percent: 42,
  files: [{ name: "big.gz", bytes: 9, error: null }],
  sessions: [],
  error: null,
  finished_at: null,
};

afterEach(() => {
  vi.unstubAllGlobals();
  shownImports.value = [];
});

describe("an import that goes on", () => {
  it("is shown once, though the page asks again before the first answer is there", async () => {
    const data = { imports: [RUNNING], most_bytes: 1_000, most_files: 64 };
    vi.stubGlobal("fetch", async () => Response.json({ success: true, data }));
    await Promise.all([showOpenImports("app"), showOpenImports("app")]);
    await showOpenImports("app");
    expect(shownImports.value.map((shown) => shown.found?.id)).toEqual(["i1"]);
  });
});
