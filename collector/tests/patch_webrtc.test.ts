import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PageListener, watchPage } from "../src/patch_webrtc";

class Native extends EventTarget {
  static generateCertificate(): string {
    return "a certificate";
  }
  constructor(readonly configuration?: object) {
    super();
  }
}
const original = Native.prototype.constructor;

let RTC: typeof Native;
let made: unknown[];
let listener: PageListener;
const getUserMedia = vi.fn();

beforeEach(() => {
  vi.stubGlobal("RTCPeerConnection", Native);
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  Reflect.deleteProperty(globalThis, Symbol.for("aftercall.page"));
  made = [];
  listener = { onConnection: (pc) => made.push(pc) };
  watchPage().listeners.add(listener);
  RTC = (globalThis as unknown as { RTCPeerConnection: typeof Native }).RTCPeerConnection;
});

afterEach(() => {
  Native.prototype.constructor = original;
  vi.unstubAllGlobals();
});

describe("watching the page", () => {
  it("notices every connection and hands it on as it is", () => {
    const pc = new RTC({ iceServers: [] });
    expect(made).toEqual([pc]);
    expect(pc.configuration).toEqual({ iceServers: [] });
  });

  it("passes every prototype check", () => {
    const pc = new RTC();
    expect(pc).toBeInstanceOf(RTC);
    expect(pc).toBeInstanceOf(Native);
    expect(Object.getPrototypeOf(pc)).toBe(RTC.prototype);
    expect(pc.constructor).toBe(RTC);
    expect(RTC.name).toBe("Native");
    expect(RTC.generateCertificate()).toBe("a certificate");
  });

  it("sees connections of classes that extend it", () => {
    class Special extends RTC {
      readonly isSpecial = true;
    }
    const pc = new Special();
    expect(pc.isSpecial).toBe(true);
    expect(pc).toBeInstanceOf(Special);
    expect(made).toEqual([pc]);
  });

  it("wraps once, however often it is called", () => {
    expect(watchPage()).toBe(watchPage());
    new RTC();
    expect(made).toHaveLength(1);
  });

  it("lives with a wrapper that another library puts around it", () => {
    const Ours = RTC;
    class Theirs extends Ours {}
    vi.stubGlobal("RTCPeerConnection", Theirs);
    const pc = new Theirs();
    expect(pc).toBeInstanceOf(Theirs);
    expect(made).toEqual([pc]);
  });

  it("keeps what listeners throw away from the application", () => {
    listener.onConnection = () => {
      throw new Error("ours");
    };
    expect(() => new RTC()).not.toThrow();
  });

  it("remembers connections made before anybody asked", () => {
    const pc = new RTC();
    expect([...watchPage().earlier].map((reference) => reference.deref())).toContain(pc);
  });

  it("lets a refused capture be refused", async () => {
    const onCaptureError = vi.fn();
    listener.onCaptureError = onCaptureError;
    const error = new DOMException("no", "NotAllowedError");
    getUserMedia.mockRejectedValueOnce(error);
    const asked = { video: true };
    await expect(navigator.mediaDevices.getUserMedia(asked)).rejects.toBe(error);
    expect(onCaptureError).toHaveBeenCalledWith(error, false, asked);
  });

  it("hands on the very stream that was captured", async () => {
    const stream = { getTracks: () => [] };
    const onCapture = vi.fn();
    listener.onCapture = onCapture;
    getUserMedia.mockResolvedValueOnce(stream);
    await expect(navigator.mediaDevices.getUserMedia({ audio: true })).resolves.toBe(stream);
    expect(onCapture).toHaveBeenCalledWith(stream, false);
  });
});
