import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** A button that opens a panel below itself; Escape and a click elsewhere close it. */
export function Popover(props: {
  label: ComponentChildren;
  name: string;
  isActive?: boolean;
  isAtEnd?: boolean;
  isQuiet?: boolean;
  hasNoChevron?: boolean;
  /** For a label without words, or to say more. */
  title?: string;
  children: (close: () => void) => ComponentChildren;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!isOpen) return;
    const outside = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) setIsOpen(false);
    };
    const closeOnEscape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setIsOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    const own = box.current;
    own?.addEventListener("keydown", closeOnEscape);
    return () => {
      document.removeEventListener("pointerdown", outside);
      own?.removeEventListener("keydown", closeOnEscape);
    };
  }, [isOpen]);

  return (
    <div class="popover" ref={box}>
      <button
        type="button"
        ref={button}
        class={props.isQuiet ? "quiet" : props.isActive ? "choice active" : "choice"}
        title={props.title}
        aria-label={props.hasNoChevron ? props.title : undefined}
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        onClick={() => setIsOpen(!isOpen)}
      >
        {props.label}
        {!props.hasNoChevron && <span class="chevron" aria-hidden="true" />}
      </button>
      {isOpen && (
        <div
          class={props.isAtEnd ? "panel at-end" : "panel"}
          role="dialog"
          aria-label={props.name}
        >
          {props.children(() => {
            setIsOpen(false);
            button.current?.focus();
          })}
        </div>
      )}
    </div>
  );
}
