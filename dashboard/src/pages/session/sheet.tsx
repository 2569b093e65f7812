import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ParticipantTimeline, SessionPage } from "../../api/types";
import { useWidth } from "../../components/use_width";
import { formatName } from "../../format/labels";
import { isolate } from "../../format/texts";
import { formatTime, formatTimeWithSeconds, formatUtc } from "../../format/time";
import { goQuery, place } from "../../route";
import { CauseList, shownCauses, type ShownCauses } from "./cause_list";
import { NARROW, People } from "./lanes";
import { BreakoutRooms } from "./breakout_rooms";
import { Legend } from "./legend";
import { cursor, pin, pinned, point } from "./time_cursor";
import { bucketAt, isThere, momentAt, shareAt, ticksWithin } from "./time_scale";

const PIXELS_A_TICK = 72;
/** A tick nearer to an end than this would be cut there. */
const STEP_LEAST_MS = 1_000;
const STEPS_FAR = 10;

/** Causes, talk and people over one time axis with one cursor. */
export function Sheet({ page, chosen }: { page: SessionPage; chosen: ParticipantTimeline | null }) {
  const sheet = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLDivElement>(null);
  const width = useWidth(area);
  const shown = useMemo(() => shownCauses(page, chosen), [page, chosen]);
  useCursorLine(sheet, page);
  useKeys(page, shown);
  const momentOf = (event: MouseEvent): number | null => {
    const box = area.current?.getBoundingClientRect();
    if (!box?.width) return null;
    const share = (event.clientX - box.left) / box.width;
    return share < 0 || share > 1 ? null : momentAt(page, share);
  };
  return (
    <section class="sheet-box" aria-label="Causes and people over time">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a click pins a moment, as arrow keys and buttons do. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same. */}
      <div
        class="sheet"
        ref={sheet}
        onPointerMove={(event) => point((event.target as Element).closest(".explained") ? null : momentOf(event))}
        onPointerLeave={() => point(null)}
        onClick={(event) => {
          if ((event.target as Element).closest("a, button, input, summary, .explained")) return;
          const at = momentOf(event);
          if (at !== null) pin(at);
        }}
      >
        <Axis page={page} width={width} />
        <CauseList page={page} shown={shown} />
        <People page={page} chosen={chosen} width={width} />
        <BreakoutRooms page={page} />
        <div class="over" ref={area}>
          <span class="cursor" />
          {page.call.status === "LIVE" && <span class="now-edge" style={{ left: `${100 * Math.min(1, shareAt(page, page.now))}%` }} />}
        </div>
      </div>
      <Legend />
    </section>
  );
}

/** The cursor moves without rendering anything but the figures that it reads. */
function useCursorLine(sheet: { current: HTMLElement | null }, page: SessionPage): void {
  const follow = (): void => {
    const at = cursor.value;
    const isOn = at !== null && at >= page.from_at && at <= page.to_at;
    const where = isOn ? `${100 * shareAt(page, at)}%` : "0%";
    // A narrow page has a cursor in each track. Elsewhere it is in two places, and the others keep their styles.
    const isNarrow = innerWidth <= NARROW;
    for (const one of isNarrow ? [sheet.current] : (sheet.current?.querySelectorAll<HTMLElement>(".main-axis, .over") ?? [])) {
      one?.style.setProperty("--at", where);
    }
    sheet.current?.classList.toggle("has-cursor", isOn);
    sheet.current?.classList.toggle("is-pinned", isOn && pinned.value === at);
  };
  useSignalEffect(follow);
  useEffect(follow, [page]);
}

/** Arrows move the moment, brackets go from cause to cause, Escape lets the moment go. */
function useKeys(page: SessionPage, shown: ShownCauses): void {
  const latest = useRef({ page, shown });
  latest.current = { page, shown };
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("dialog, [role=dialog], [role=tablist]")) return;
      const { page, shown } = latest.current;
      const next = moved(page, event);
      if (next !== null) pin(next);
      else if (event.key === "[" || event.key === "]") stepCause(shown, event.key === "]" ? 1 : -1);
      else if (event.key === "Escape" && pinned.peek() !== null) pin(null);
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

/** Where an arrow moves the moment; `null` for other keys. */
function moved(page: SessionPage, event: KeyboardEvent): number | null {
  const step = Math.max(STEP_LEAST_MS, page.bucket_ms) * (event.shiftKey ? STEPS_FAR : 1);
  const here = cursor.peek() ?? (event.key === "ArrowLeft" ? page.to_at : page.from_at);
  if (event.key === "ArrowRight") return Math.min(page.to_at, here + step);
  if (event.key === "ArrowLeft") return Math.max(page.from_at, here - step);
  return null;
}

/** Opens the cause before or after the open one and goes to its first moment. */
function stepCause(shown: ShownCauses, by: 1 | -1): void {
  const { own } = shown;
  if (!own.length) return;
  const open = own.findIndex((cause) => cause.key === place.peek().query.get("cause"));
  const next = own[open < 0 ? (by > 0 ? 0 : own.length - 1) : (open + by + own.length) % own.length];
  if (!next) return;
  const [from, to] = next.spans[0] ?? [null, null];
  goQuery({ cause: next.key, ...(from === null ? {} : { at: String(Math.round((from + to) / 2)) }) }, true);
}

/** The times, which is also a slider for the keyboard. */
function Axis({ page, width }: { page: SessionPage; width: number }) {
  const ticks = ticksWithin(page, width, PIXELS_A_TICK);
  return (
    <div class="line sheet-axis main-axis">
      <div>
        <h2>Causes</h2>
      </div>
      <Slider page={page}>
        {ticks.map((tick) => (
          <span key={tick.at} class="tick" title={formatUtc(tick.at)} style={{ left: `${100 * shareAt(page, tick.at)}%` }}>
            {tick.hasSeconds ? formatTimeWithSeconds(tick.at) : formatTime(tick.at)}
          </span>
        ))}
      </Slider>
      <div class="number">
        <Unpin />
      </div>
    </div>
  );
}

function Unpin() {
  if (pinned.value === null) return <>About, worst</>;
  return (
    <button type="button" class="link" onClick={() => pin(null)}>
      Let the moment go
    </button>
  );
}

function Slider({ page, children }: { page: SessionPage; children: preact.ComponentChildren }) {
  const at = cursor.value;
  const here = at ?? page.from_at;
  const press = (event: KeyboardEvent): void => {
    const step = Math.max(STEP_LEAST_MS, page.bucket_ms) * STEPS_FAR;
    const jumps: Record<string, number> = {
      ArrowRight: moved(page, event) ?? here,
      ArrowLeft: moved(page, event) ?? here,
      ArrowUp: here + page.bucket_ms,
      ArrowDown: here - page.bucket_ms,
      PageUp: here + step,
      PageDown: here - step,
      Home: page.from_at,
      End: page.to_at,
    };
    const next = jumps[event.key];
    if (next === undefined) return;
    event.preventDefault();
    pin(Math.min(page.to_at, Math.max(page.from_at, next)));
  };
  return (
    <div
      class="ticks"
      role="slider"
      tabIndex={0}
      aria-label="Moment"
      aria-valuemin={0}
      aria-valuemax={Math.round((page.to_at - page.from_at) / 1000)}
      aria-valuenow={Math.round((here - page.from_at) / 1000)}
      aria-valuetext={formatMoment(page, here)}
      onKeyDown={press}
    >
      {children}
      {page.call.status === "LIVE" && (
        <span class="now-label" aria-hidden="true" style={{ "--now": `${100 * Math.min(1, shareAt(page, page.now))}%` }}>
          now
        </span>
      )}
      {at !== null && at >= page.from_at && at <= page.to_at && (
        <time class="cursor-time" title={formatUtc(at)} data-at={at}>
          {formatTimeWithSeconds(at)}
        </time>
      )}
    </div>
  );
}

function formatMoment(page: SessionPage, at: number): string {
  const there = page.lanes.filter((lane) => isThere(lane, at));
  const bucket = bucketAt(page, at);
  const bad = bucket === null ? [] : there.filter((lane) => [1, 2].includes(lane.levels[bucket] ?? 0));
  const names = bad.slice(0, 3).map((lane) => isolate(formatName(lane.name)));
  return `${formatTimeWithSeconds(at)}, ${there.length} there${names.length ? `, bad for ${names.join(", ")}` : ""}`;
}
