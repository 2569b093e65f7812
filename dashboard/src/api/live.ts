import { useEffect, useRef, useState } from "preact/hooks";
import { isReadByLink } from "./request";
import type { LiveSession } from "./types";

const TRY_AGAIN_MS = 10_000;

export interface LiveListener {
  onHello: (liveIds: string[]) => void;
  onUpdate: (kind: "started" | "changed" | "ended", news: LiveSession) => void;
}

/** Listens to changes of an app's live sessions; returns whether the stream is open. */
export function useLive(appId: string | null, listener: LiveListener): boolean {
  const [isOpen, setIsOpen] = useState(false);
  const current = useRef(listener);
  current.current = listener;

  useEffect(() => {
    // A read link is to one session, the stream is of all.
    if (appId === null || isReadByLink()) return;
    let source: EventSource;
    let timer = 0;
    const open = (): void => {
      source = new EventSource(`/v1/apps/${encodeURIComponent(appId)}/live`);
      source.addEventListener("hello", (event) => {
        setIsOpen(true);
        current.current.onHello((JSON.parse(event.data) as { live: string[] }).live);
      });
      for (const kind of ["started", "changed", "ended"] as const) {
        source.addEventListener(kind, (event) => {
          current.current.onUpdate(kind, JSON.parse(event.data) as LiveSession);
        });
      }
      source.onerror = () => {
        setIsOpen(false);
        // A refusal closes for good; a broken connection reopens by itself.
        if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, TRY_AGAIN_MS);
      };
    };
    open();
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, [appId]);

  return isOpen;
}
