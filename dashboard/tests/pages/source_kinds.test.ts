import { describe, expect, it } from "vitest";
import { makeSecret, SOURCE_KINDS, sourceAddress } from "../../src/pages/settings/source_kinds";

function addressOf(name: string, secret?: string): string {
  const kind = SOURCE_KINDS.find((each) => each.name === name);
  if (!kind) throw new Error(name);
  return sourceAddress(kind, "https://calls.example.com", "app 1", secret);
}

describe("the address to enter at a source", () => {
  it("is below the app", () => {
    expect(addressOf("livekit")).toBe("https://calls.example.com/v1/apps/app%201/sources/livekit");
  });

  it("is one of a WebSocket where the source opens one, with the key where it is known", () => {
    const path = "wss://calls.example.com/v1/apps/app%201/sources/jitsi/stats/";
    expect(addressOf("jitsi")).toBe(`${path}KEY`);
    expect(addressOf("jitsi", "a/b")).toBe(`${path}a%2Fb`);
  });
});

describe("a secret that is made here", () => {
  it("is another each time", () => {
    const made = new Set(Array.from({ length: 100 }, makeSecret));
    expect(made.size).toBe(100);
    expect([...made].every((secret) => /^[0-9a-f]{32}$/.test(secret))).toBe(true);
  });
});
