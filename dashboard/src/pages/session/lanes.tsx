import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ParticipantTimeline, SessionPage } from "../../api/types";
import { Icon } from "../../components/icon";
import { PageWindow } from "../../components/page_window";
import { Name } from "../../components/texts";
import { formatCount, formatPlural } from "../../format/numbers";
import { formatShares, sharesOf } from "../../format/quality";
import { formatTimeWithSeconds } from "../../format/time";
import { goQuery, parameter } from "../../route";
import { colour, colours } from "../../theme";
import { drawShares, PEOPLE_HEIGHT, prepare } from "./draw_timeline";
import { findLanes, groupLanes, SMALL_ROOM } from "./lane_order";
import { ParticipantRow } from "./participant_row";
import { useSteadyOrder } from "./steady_order";
import { cursor, isPointing } from "./time_cursor";
import { bucketAt, shareAt } from "./time_scale";

const TALK_HEIGHT = 16;
/** From so many people on a person is searched for. */
const FIND_FROM = 30;
const THIN_ROW = 24;
const THIN_ROW_NARROW = 48;
/** The width at which the track goes below the name. */
export const NARROW = 720;

/** The people, the worst first; of a big room those without trouble as thin lanes. */
export function People(props: { page: SessionPage; chosen: ParticipantTimeline | null; width: number }) {
  const { page, chosen, width } = props;
  const groups = useMemo(() => groupLanes(page.lanes, chosen), [page.lanes, chosen]);
  const isHeld = page.call.status === "LIVE" && isPointing();
  const full = useSteadyOrder(groups.full, keyOf, isHeld);
  const thin = useSteadyOrder(groups.thin, keyOf, isHeld);
  const sought = parameter("find").value ?? "";
  const found = useMemo(() => (sought ? findLanes(page.lanes, sought) : null), [page.lanes, sought]);
  if (!page.lanes.length) return null;
  const isBig = page.lanes.length > SMALL_ROOM;
  const rest = found ?? thin;
  const rowHeight = innerWidth <= NARROW ? THIN_ROW_NARROW : THIN_ROW;
  return (
    <>
      <div class="line sheet-axis">
        <div>
          <h2>{formatHead(page, chosen)}</h2>
        </div>
        <span />
        <Heads />
      </div>
      <TalkMarks page={page} width={width} />
      {isBig && <Everybody page={page} width={width} />}
      <ol class="lanes" aria-label={thin.length ? "The people who had trouble" : "The people"}>
        {full.map((lane) => (
          <li key={lane.participant_id}>
            <ParticipantRow page={page} lane={lane} width={width} isLit={lane === chosen} />
          </li>
        ))}
      </ol>
      {thin.length > 0 && (
        <>
          <div class="others-head">
            <h2>{found ? `${formatCount(found.length)} found` : formatOthers(full.length, thin)}</h2>
            {page.lanes.length >= FIND_FROM && <Find sought={sought} all={page.lanes.length} />}
          </div>
          <PageWindow
            items={rest}
            rowHeight={rowHeight}
            label="The other people"
            keyOf={keyOf}
            row={(lane) => <ParticipantRow page={page} lane={lane} width={width} isThin isLit={lane === chosen} />}
          />
        </>
      )}
    </>
  );
}

function keyOf(lane: ParticipantTimeline): string {
  return lane.participant_id;
}

function formatHead(page: SessionPage, chosen: ParticipantTimeline | null) {
  const all = page.call.people || page.lanes.length;
  if (chosen)
    return (
      <>
        <Name name={chosen.name} /> first{all > 1 && `, then ${formatPlural(all - 1, "other")}`}
      </>
    );
  const people = formatPlural(all, "person", "people");
  return all > 1 ? `${people}, worst first` : people;
}

function formatOthers(full: number, thin: readonly ParticipantTimeline[]): string {
  if (!full) return "Nobody had trouble";
  const who = formatPlural(thin.length, "other");
  return thin.every((lane) => lane.level === 4) ? `${who}, good` : who;
}

function Heads() {
  const isHere = cursor.value !== null;
  const title = isHere ? "MOS, 1 to 5, at the moment" : "MOS, 1 to 5, of the worst tenth of the time";
  return (
    <div class="fig duo figure-heads" title={title}>
      <span>Sound</span>
      <span>Picture</span>
    </div>
  );
}

function Find({ sought, all }: { sought: string; all: number }) {
  return (
    <label class="find lane-find">
      <Icon name="search" />
      <input
        type="search"
        placeholder={`Find among ${formatCount(all)}`}
        aria-label={`Find among the ${formatCount(all)} people`}
        value={sought}
        onInput={(event) => goQuery({ find: event.currentTarget.value }, true)}
      />
    </label>
  );
}

/** The share of people at each level over time: its height does not grow with the room. */
function Everybody({ page, width }: { page: SessionPage; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = colours.value;
  const shares = useMemo(() => sharesOf(page.lanes, page.buckets), [page]);
  useEffect(() => {
    if (canvas.current) drawShares(canvas.current, width, page, shares);
  }, [page, shares, width, look]);
  const { quality } = page.call;
  if (!quality?.measured_participants) return null;
  return (
    <div class="line lane everybody">
      <div class="who">
        <span class="glyph glyph-0">
          <Icon name="people" />
        </span>
        <span class="two">
          <span class="name">All {formatCount(page.call.people || page.lanes.length)}</span>
          <span class="sub">height: share of the people</span>
        </span>
      </div>
      <div class="mid-track">
        <canvas ref={canvas} height={PEOPLE_HEIGHT} aria-hidden="true" />
        <p class="unseen">{formatShares(shares)}</p>
      </div>
      <SharesHere page={page} shares={shares} />
    </div>
  );
}

function SharesHere({ page, shares }: { page: SessionPage; shares: ReturnType<typeof sharesOf> }) {
  const at = cursor.value;
  const bucket = at === null ? null : bucketAt(page, at);
  const here = bucket === null ? null : shares[bucket];
  return <div class="fig small">{here && formatShares([here])}</div>;
}

/** Marks of chat messages and of transcript lines. */
function TalkMarks({ page, width }: { page: SessionPage; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = colours.value;
  const chat = page.chat.items;
  const lines = page.transcript.items;
  useEffect(() => {
    const context = canvas.current && prepare(canvas.current, width, TALK_HEIGHT);
    if (!context) return;
    const x = (at: number): number => shareAt(page, at) * width;
    context.fillStyle = colour("share");
    for (const line of lines) {
      const from = x(line.at);
      context.fillRect(from, 6, Math.max(2, x(line.end_at ?? line.at) - from), 4);
    }
    context.fillStyle = colour("live");
    for (const message of chat) context.fillRect(x(message.at) - 1, 3, 2.5, 10);
  }, [page, width, look]);
  if (!chat.length && !lines.length) return null;
  const first = chat[0]?.at ?? lines[0]?.at ?? page.from_at;
  return (
    <div class="line talk-line">
      <div class="sub">Said and written</div>
      <div class="mid-track">
        <canvas ref={canvas} height={TALK_HEIGHT} aria-hidden="true" />
        <p class="unseen">
          {formatPlural(lines.length, "line")} spoken, {formatPlural(chat.length, "message")} written, from{" "}
          {formatTimeWithSeconds(first)}
        </p>
      </div>
      <span />
    </div>
  );
}
