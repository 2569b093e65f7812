import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const ROWS_BEYOND = 12;

/** A long list of rows of one height, of which only the visible ones are rendered. */
export function VirtualList<Item>(props: {
  items: readonly Item[];
  rowHeight: number;
  label: string;
  row: (item: Item, index: number) => ComponentChildren;
  /** A row to scroll to when it changes. */
  show?: number | null;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const { items, rowHeight, show } = props;

  useLayoutEffect(() => {
    const watched = box.current;
    if (!watched) return;
    const observer = new ResizeObserver(() => setHeight(watched.clientHeight));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (show === null || show === undefined || !box.current) return;
    const at = show * rowHeight;
    const { scrollTop, clientHeight } = box.current;
    if (at < scrollTop || at + rowHeight > scrollTop + clientHeight) {
      box.current.scrollTop = at - clientHeight / 2;
    }
  }, [show]);

  const first = Math.max(0, Math.floor(top / rowHeight) - ROWS_BEYOND);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + ROWS_BEYOND);
  return (
    <div
      class="virtual-list"
      ref={box}
      role="list"
      aria-label={props.label}
      tabIndex={0}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div class="virtual-list-all" role="presentation" style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, index) => (
          <div
            key={first + index}
            role="listitem"
            class="virtual-list-row"
            aria-setsize={items.length}
            aria-posinset={first + index + 1}
            style={{ top: `${(first + index) * rowHeight}px`, height: `${rowHeight}px` }}
          >
            {props.row(item, first + index)}
          </div>
        ))}
      </div>
    </div>
  );
}
