import { formatName } from "../../format/labels";
import { isolate } from "../../format/texts";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ParticipantTimeline, SessionPage } from "../../api/types";
import { LevelMark } from "../../components/level";
import { useWidth } from "../../components/use_width";
import { colour, colours } from "../../theme";
import { formatPlural } from "../../format/numbers";
import { formatTime, formatTimeWithSeconds, formatUtc } from "../../format/time";
import { sharesOf, formatShares } from "../../format/quality";
import { cursor, pin, pinned, point } from "./time_cursor";
import { drawShares, PEOPLE_HEIGHT, prepare } from "./draw_timeline";
import { ParticipantRow } from "./participant_row";
import { bucketAt, isThere, momentAt, shareAt, ticksOf } from "./time_scale";

/** The number of timelines that a tall screen shows. */
const DRAWN_AT_ONCE = 20;
const TALK_HEIGHT = 16;
const PIXELS_A_TICK = 86;
/** The width of a tick's label; a tick whose label would not fit at the end is left out. */
const PIXELS_OF_A_TICK = 52;

/** The participants' timelines below each other, the shares of levels above, and one cursor over all. */
export function Timeline({ page }: { page: SessionPage }) {
  const [isWorstFirst, setIsWorstFirst] = useState(false);
  const area = useRef<HTMLDivElement>(null);
  const width = useWidth(area);
  const lanes = useMemo(
    () => (isWorstFirst ? [...page.lanes].sort(byQuality) : page.lanes),
    [page, isWorstFirst],
  );
  const move = (event: PointerEvent): void => {
    const at = momentOf(event, area.current, page);
    point(at);
  };
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="timeline-head row">
        <h2>{formatPlural(page.lanes.length, "participant")}</h2>
        <Key />
        {page.lanes.length > 2 && (
          <button
            type="button"
            class="choice"
            aria-pressed={isWorstFirst}
            onClick={() => setIsWorstFirst(!isWorstFirst)}
          >
            Worst first
          </button>
        )}
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a click pins a moment, as arrow keys and buttons do. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same. */}
      <div
        class="tracks"
        onPointerMove={move}
        onPointerLeave={() => point(null)}
        onClick={(event) => {
          const at = momentOf(event, area.current, page);
          if (at !== null && !(event.target as Element).closest("a, button")) pin(at);
        }}
      >
        <Ruler page={page} width={width} />
        <People page={page} width={width} />
        <TalkMarks page={page} width={width} />
        <ol class="lanes">
          {lanes.map((lane, place) => (
            <ParticipantRow
              key={lane.participant_id}
              page={page}
              lane={lane}
              width={width}
              isFirst={place < DRAWN_AT_ONCE}
            />
          ))}
        </ol>
        <div class="over" ref={area}>
          <CursorLine page={page} />
        </div>
      </div>
    </section>
  );
}

function byQuality(one: ParticipantTimeline, other: ParticipantTimeline): number {
  return (one.level || 5) - (other.level || 5);
}

function momentOf(event: MouseEvent, area: HTMLElement | null, page: SessionPage): number | null {
  if (!area) return null;
  const box = area.getBoundingClientRect();
  const share = (event.clientX - box.left) / box.width;
  return share < 0 || share > 1 ? null : momentAt(page, share);
}

function Key() {
  return (
    <ul class="key">
      <li class="key-muted">Muted</li>
      <li class="key-camera">Camera off</li>
      <li class="key-screen">Screen share</li>
    </ul>
  );
}

/** The times, and a slider for the keyboard. */
function Ruler({ page, width }: { page: SessionPage; width: number }) {
  const at = cursor.value;
  const here = at ?? page.from_at;
  const step = Math.max(1_000, page.bucket_ms);
  const ticks = ticksOf(page, Math.max(2, Math.floor(width / PIXELS_A_TICK))).filter(
    (tick) => (1 - shareAt(page, tick.at)) * width > PIXELS_OF_A_TICK,
  );
  const press = (event: KeyboardEvent): void => {
    const by = event.shiftKey ? 10 * step : step;
    const moves: Record<string, number> = {
      ArrowRight: here + by,
      ArrowUp: here + by,
      ArrowLeft: here - by,
      ArrowDown: here - by,
      PageUp: here + 10 * step,
      PageDown: here - 10 * step,
      Home: page.from_at,
      End: page.to_at,
    };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      pin(Math.min(page.to_at, Math.max(page.from_at, next)));
    } else if (event.key === "Escape") pin(null);
  };
  return (
    <div class="lane ruler">
      <div class="who faint">
        {at === null ? (
          <span>Point or click for a moment</span>
        ) : (
          <time title={formatUtc(at)} class="cursor-time" data-at={at}>
            {formatTimeWithSeconds(at)}
          </time>
        )}
        {pinned.value !== null && (
          <button type="button" class="quiet" onClick={() => pin(null)}>
            Let go
          </button>
        )}
      </div>
      <div
        class="track"
        role="slider"
        tabIndex={0}
        aria-label="Moment"
        aria-valuemin={0}
        aria-valuemax={Math.round((page.to_at - page.from_at) / 1000)}
        aria-valuenow={Math.round((here - page.from_at) / 1000)}
        aria-valuetext={formatTimeOf(page, here)}
        onKeyDown={press}
      >
        {ticks.map((tick) => (
          <span
            key={tick.at}
            class="tick"
            title={formatUtc(tick.at)}
            style={{ left: `${100 * shareAt(page, tick.at)}%` }}
          >
            {tick.hasSeconds ? formatTimeWithSeconds(tick.at) : formatTime(tick.at)}
          </span>
        ))}
      </div>
      <div class="reading faint">{at === null ? "Worst tenth" : "MOS here"}</div>
    </div>
  );
}

function formatTimeOf(page: SessionPage, at: number): string {
  const there = page.lanes.filter((lane) => isThere(lane, at));
  const bucket = bucketAt(page, at);
  const bad = bucket === null ? [] : there.filter((lane) => [1, 2].includes(lane.levels[bucket] ?? 0));
  const names = bad.slice(0, 3).map((lane) => isolate(formatName(lane.name)));
  return `${formatTimeWithSeconds(at)}, ${there.length} there${names.length ? `, bad for ${names.join(", ")}` : ""}`;
}

/** The share of participants at each level over time. */
function People({ page, width }: { page: SessionPage; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = colours.value;
  const shares = useMemo(() => sharesOf(page.lanes, page.buckets), [page]);
  useEffect(() => {
    if (canvas.current) drawShares(canvas.current, width, page, shares);
  }, [page, shares, width, look]);
  const at = cursor.value;
  const bucket = at === null ? null : bucketAt(page, at);
  const here = bucket === null ? null : shares[bucket];
  if (!page.call.quality?.measured_participants) return null;
  return (
    <div class="lane people-lane">
      <div class="who">
        <LevelMark level={page.call.quality.level} />
        <div class="who-text">
          <span>Everybody</span>
          <span class="faint">share of the people</span>
        </div>
      </div>
      <div class="track">
        <canvas ref={canvas} height={PEOPLE_HEIGHT} aria-hidden="true" />
        <p class="unseen">{formatShares(shares)}</p>
      </div>
      <div class="reading">
        {here && <span>{formatShares([here])}</span>}
      </div>
    </div>
  );
}

/** Marks of chat messages (above) and transcript lines (below). */
function TalkMarks({ page, width }: { page: SessionPage; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = colours.value;
  const chat = page.chat.items;
  const lines = page.transcript.items;
  useEffect(() => {
    const context = canvas.current && prepare(canvas.current, width, TALK_HEIGHT);
    if (!context) return;
    const x = (at: number): number => shareAt(page, at) * width;
    context.fillStyle = colour("live");
    for (const message of chat) context.fillRect(x(message.at) - 1, 1, 2, 6);
    context.fillStyle = colour("share");
    for (const line of lines) {
      const from = x(line.at);
      context.fillRect(from, 9, Math.max(2, x(line.end_at ?? line.at) - from), 5);
    }
  }, [page, width, look]);
  if (!chat.length && !lines.length) return null;
  return (
    <div class="lane talk-lane">
      <div class="who faint">Chat, transcript</div>
      <div class="track">
        <canvas ref={canvas} height={TALK_HEIGHT} aria-hidden="true" />
      </div>
      <div class="reading" />
    </div>
  );
}

function CursorLine({ page }: { page: SessionPage }) {
  const at = cursor.value;
  if (at === null || at < page.from_at || at > page.to_at) return null;
  return (
    <div
      class={pinned.value === at ? "cursor pinned" : "cursor"}
      style={{ left: `${100 * shareAt(page, at)}%` }}
    />
  );
}
