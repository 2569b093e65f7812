import type { SessionPage, SessionRow } from "../../api/types";
import { LevelMark } from "../../components/level";
import { Title } from "../../components/texts";
import { formatPlural } from "../../format/numbers";
import { formatShares, formatVerdict, stackOf } from "../../format/quality";
import { formatDuration, formatTimeWithSeconds } from "../../format/time";
import { linkHere } from "./here";
import { shareAt } from "./time_scale";

const HEIGHT = 24;
const BASE = 3;
const LEAST_SHARE = 0.2;

/** The breakout rooms of a session, each a row on its time axis. */
export function BreakoutRooms({ page }: { page: SessionPage }) {
  if (!page.breakout_rooms.length) return null;
  return (
    <>
      <div class="line sheet-axis">
        <div>
          <h2>{formatPlural(page.breakout_rooms.length, "breakout room")}</h2>
        </div>
        <span />
        <span />
      </div>
      {page.breakout_rooms.map((room) => (
        <Room key={room.id} page={page} room={room} />
      ))}
    </>
  );
}

function Room({ page, room }: { page: SessionPage; room: SessionRow }) {
  const end = room.ended_at ?? page.now;
  const words = `${formatTimeWithSeconds(room.started_at)} to ${formatTimeWithSeconds(end)}`;
  return (
    <div class="line lane room" data-room={room.id}>
      <div class="who">
        <LevelMark level={room.quality?.level ?? 0} />
        <span class="two">
          <a class="name" {...linkHere(`/sessions/${room.id}`)}>
            <Title call={room} />
          </a>
          <span class="sub">
            {formatPlural(room.total_participants, "person", "people")} · {formatDuration(end - room.started_at)}
          </span>
        </span>
      </div>
      <div class="mid-track">
        <svg viewBox={`0 0 1000 ${HEIGHT}`} height={HEIGHT} preserveAspectRatio="none" aria-hidden="true">
          <RoomBar page={page} room={room} end={end} />
        </svg>
        <p class="unseen">
          {words}; {room.quality ? formatShares(room.quality.shares) : "not judged"}
        </p>
      </div>
      <div class="fig">{room.quality?.measured_participants ? formatVerdict(room.quality) : ""}</div>
    </div>
  );
}

function RoomBar({ page, room, end }: { page: SessionPage; room: SessionRow; end: number }) {
  const x = (at: number): number => 1000 * Math.min(1, Math.max(0, shareAt(page, at)));
  const { quality } = room;
  const from = x(room.started_at);
  return (
    <>
      <rect class="stay" x={from} width={Math.max(2, x(end) - from)} height={HEIGHT} />
      {quality?.shares.map((counts, index) => {
        if (!counts.some((count) => count > 0)) return null;
        const left = x(quality.strip_from_at + index * quality.strip_bucket_ms);
        const right = Math.min(x(end), x(quality.strip_from_at + (index + 1) * quality.strip_bucket_ms));
        const width = Math.max(1, right - left);
        return (
          <g key={index}>
            <rect class="fill-4" x={left} width={width} y={HEIGHT - BASE} height={BASE} />
            {stackOf(counts, LEAST_SHARE).map(({ level, from: bottom, height }) => (
              <rect
                key={level}
                class={`fill-${level}`}
                x={left}
                width={width}
                y={HEIGHT * (1 - bottom - height)}
                height={HEIGHT * height}
              />
            ))}
          </g>
        );
      })}
    </>
  );
}
