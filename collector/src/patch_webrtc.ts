/** Observes the page's use of WebRTC by wrapping three of its functions. */
export interface PageListener {
  onConnection?(pc: RTCPeerConnection): void;
  onCapture?(stream: MediaStream, isDisplay: boolean): void;
  onCaptureError?(
    error: DOMException,
    isDisplay: boolean,
    constraints?: MediaStreamConstraints,
  ): void;
}

interface Watch {
  /** Connections made before anybody listened. */
  readonly earlier: Set<WeakRef<RTCPeerConnection>>;
  readonly listeners: Set<PageListener>;
}

/** One watch for the page, whatever number of copies of this module it has loaded. */
const KEY = Symbol.for("aftercall.page");
const MAX_EARLIER = 64;

type Page = typeof globalThis & {
  [KEY]?: Watch;
  RTCPeerConnection?: typeof RTCPeerConnection;
  webkitRTCPeerConnection?: typeof RTCPeerConnection;
};

function each(watch: Watch, call: (listener: PageListener) => void): void {
  for (const listener of watch.listeners) {
    try {
      call(listener);
    } catch {
      // The application that made the call must not get an error of a listener.
    }
  }
}

function wrapConstructor(page: Page, watch: Watch): void {
  const native = page.RTCPeerConnection;
  if (!native) return;
  // A proxy keeps `instanceof`, static members, the name and subclassing as they were.
  const wrapped = new Proxy(native, {
    construct(target, args, newTarget) {
      const pc: RTCPeerConnection = Reflect.construct(target, args, newTarget);
      if (watch.earlier.size < MAX_EARLIER) watch.earlier.add(new WeakRef(pc));
      each(watch, (listener) => listener.onConnection?.(pc));
      return pc;
    },
  });
  if (page.webkitRTCPeerConnection === native) page.webkitRTCPeerConnection = wrapped;
  page.RTCPeerConnection = wrapped;
  // `pc.constructor === RTCPeerConnection` holds as before.
  native.prototype.constructor = wrapped;
}

function wrapCapture(watch: Watch, name: "getUserMedia" | "getDisplayMedia"): void {
  const devices = navigator.mediaDevices;
  if (!devices?.[name]) return;
  const isDisplay = name === "getDisplayMedia";
  devices[name] = new Proxy(devices[name], {
    apply(target, self, args) {
      const capture: Promise<MediaStream> = Reflect.apply(target, self, args);
      // The promise handed on rejects as the original does, so a rejection that the
      // application does not handle is still reported as unhandled.
      return capture.then(
        (stream) => {
          each(watch, (listener) => listener.onCapture?.(stream, isDisplay));
          return stream;
        },
        (error) => {
          each(watch, (listener) => listener.onCaptureError?.(error, isDisplay, args[0]));
          throw error;
        },
      );
    },
  });
}

/* * Observes every connection and every capture of the page from now on.
 *
 * Call it before the application makes its first connection; a second call has no effect.
 */
export function watchPage(): Watch {
  const page = globalThis as Page;
  const running = page[KEY];
  if (running) return running;
  const watch: Watch = { earlier: new Set(), listeners: new Set() };
  page[KEY] = watch;
  wrapConstructor(page, watch);
  wrapCapture(watch, "getUserMedia");
  wrapCapture(watch, "getDisplayMedia");
  return watch;
}
