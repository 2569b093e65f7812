import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatName, formatTitle } from "../format/labels";

/** A person's name, apart from the direction of the words around it. */
export function Name({ name }: { name: string | null | undefined }) {
  return <bdi>{formatName(name)}</bdi>;
}

/** A session's title, likewise. */
export function Title({ call }: { call: Parameters<typeof formatTitle>[0] }) {
  return <bdi>{formatTitle(call)}</bdi>;
}

/** A text that is cut after a few lines, with a button for the whole. */
export function Clamped({ lines, children }: { lines: number; children: ComponentChildren }) {
  const [isWhole, setIsWhole] = useState(false);
  const [isCut, setIsCut] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const { scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    // Letters may reach a little beyond their line.
    if (!isWhole) setIsCut(scrollHeight > clientHeight + 8);
  }, [children, isWhole]);
  return (
    <>
      <span ref={box} class={isWhole ? undefined : "clamped"} style={{ WebkitLineClamp: String(lines) }}>
        {children}
      </span>
      {isCut && (
        <button type="button" class="link whole" aria-expanded={isWhole} onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? "Less" : "Show all"}
        </button>
      )}
    </>
  );
}
