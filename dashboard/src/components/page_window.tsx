import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows that are rendered outside the window, so that scrolling shows them at once. */
const BEYOND = 16;
const RENDERED_AT_FIRST = 40;

/** A long list of rows of one height in the page's own scroll; of it only those near the window are rendered. */
export function PageWindow<Item>(props: {
  items: readonly Item[];
  rowHeight: number;
  label: string;
  row: (item: Item) => ComponentChildren;
  keyOf: (item: Item) => string;
}) {
  const { items, rowHeight } = props;
  const box = useRef<HTMLOListElement>(null);
  const [range, setRange] = useState<readonly [number, number]>([0, RENDERED_AT_FIRST]);
  useLayoutEffect(() => {
    const look = (): void => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      const within = (row: number): number => Math.min(items.length, Math.max(0, row));
      const first = within(Math.floor(-top / rowHeight) - BEYOND);
      const last = within(Math.ceil((innerHeight - top) / rowHeight) + BEYOND);
      setRange((before) => (before[0] === first && before[1] === last ? before : [first, last]));
    };
    const showAll = (): void => setRange([0, items.length]);
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    addEventListener("beforeprint", showAll);
    addEventListener("afterprint", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
      removeEventListener("beforeprint", showAll);
      removeEventListener("afterprint", look);
    };
  }, [items.length, rowHeight]);
  const [first, last] = range;
  return (
    <ol ref={box} class="page-window" aria-label={props.label} style={{ height: `${items.length * rowHeight}px` }}>
      {items.slice(first, last).map((item, index) => (
        <li
          key={props.keyOf(item)}
          aria-setsize={items.length}
          aria-posinset={first + index + 1}
          style={{ top: `${(first + index) * rowHeight}px`, height: `${rowHeight}px` }}
        >
          {props.row(item)}
        </li>
      ))}
    </ol>
  );
}
