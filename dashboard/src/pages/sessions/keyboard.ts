import { useEffect } from "preact/hooks";

/**
 * `j`/`k` and the arrows move over the rows' links, Escape goes from a search to the
 * rows. Enter follows a link by itself.
 */
export function useListKeys(rows: string, onPastEnd?: (isForward: boolean) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      const target = event.target as HTMLElement;
      const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      if (isTyping) {
        if (event.key === "Escape" || (event.key === "ArrowDown" && ["search", "find"].includes(target.id))) {
          event.preventDefault();
          focusRow(rows, 0);
        }
        return;
      }
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      const links = [...document.querySelectorAll<HTMLElement>(rows)];
      const here = links.indexOf(document.activeElement as HTMLElement);
      // The arrows scroll as ever until a row was chosen.
      if (here < 0 && event.key.startsWith("Arrow")) return;
      event.preventDefault();
      const next = here < 0 ? 0 : here + step;
      if (next < 0 || next >= links.length) onPastEnd?.(step > 0);
      else focusRow(rows, next);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [rows, onPastEnd]);
}

function focusRow(rows: string, index: number): void {
  const link = document.querySelectorAll<HTMLElement>(rows)[index];
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "nearest" });
}
