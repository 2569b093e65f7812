import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** How far outside the viewport an element is prepared, so that it is complete when scrolled to. */
const MARGIN = "800px 0px";

/** Whether an element was near the viewport, or the page was printed, at any time so far. */
export function useNearViewport(element: RefObject<Element | null>): boolean {
  const [wasNear, setWasNear] = useState(false);
  useEffect(() => {
    if (wasNear || element.current === null) return;
    const show = (): void => setWasNear(true);
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && show(),
      { rootMargin: MARGIN },
    );
    observer.observe(element.current);
    window.addEventListener("beforeprint", show);
    return () => {
      observer.disconnect();
      window.removeEventListener("beforeprint", show);
    };
  }, [wasNear, element]);
  return wasNear;
}
