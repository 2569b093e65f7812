import type { SessionRow } from "../../api/types";
import { now } from "../../clock";
import { LevelMark, Sparkline } from "../../components/level";
import { Title } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { formatPhase } from "../../format/labels";
import { formatCount, formatPlural } from "../../format/numbers";
import { formatFullVerdict, formatVerdict } from "../../format/quality";
import { formatDuration } from "../../format/time";
import { WorstIssue } from "./session_row";
import { groupLive, troubledSince } from "./verdicts";

/** Calm sessions and those not judged yet that are named; the others are a number. */
const NAMED = 8;

/** The live sessions: bad and poor ones as rows, the worst first, the others on one line each kind. */
export function NowBoard({ calls }: { calls: readonly SessionRow[] }) {
  const { troubled, calm, unknown } = groupLive(calls);
  const bad = troubled.filter((call) => call.quality?.level === 1).length;
  const poor = troubled.length - bad;
  const counts = [bad && `${formatCount(bad)} bad`, poor && `${formatCount(poor)} poor`].filter(Boolean);
  return (
    <section class="now card" aria-label="Now">
      <div class="now-head">
        <strong>Now</strong>
        <span class="live-mark">{formatCount(calls.length)} live</span>
        <span>{counts.length ? counts.join(", ") : calm.length ? "nothing bad" : ""}</span>
      </div>
      {troubled.length > 0 && (
        <ol>
          {troubled.map((call) => (
            <Troubled key={call.id} call={call} />
          ))}
        </ol>
      )}
      {calm.length > 0 && <Line level={4} text={`${formatCount(calm.length)} good or fair`} calls={calm} />}
      {unknown.length > 0 && (
        <Line level={0} text={`${formatCount(unknown.length)} not judged yet`} calls={unknown} />
      )}
    </section>
  );
}

function Troubled({ call }: { call: SessionRow }) {
  const { quality } = call;
  if (!quality) return null;
  const since = troubledSince(quality);
  return (
    <li class="now-row" data-session={call.id}>
      <LevelMark level={quality.level} text={formatFullVerdict(quality)} />
      <div class="now-title">
        <a class="row-link" href={`/sessions/${call.id}`}>
          <Title call={call} />
        </a>
        <span class="faint">{formatPresence(call)}</span>
      </div>
      <div class="now-what">
        <span>{call.worst_issue && <WorstIssue issue={call.worst_issue} anchor={startOf(call)} />}</span>
        <span class="faint">{formatVerdict(quality)} so far</span>
      </div>
      <div class="now-since">
        {since === null ? (
          <span class="faint">not at the moment</span>
        ) : (
          <>
            <span>for {formatDuration(now.value - since)}</span>
            <span class="faint">
              since <Timestamp at={since} as="exact" />
            </span>
          </>
        )}
      </div>
      <Sparkline shares={quality.shares} />
    </li>
  );
}

function Line(props: { level: 4 | 0; text: string; calls: readonly SessionRow[] }) {
  const { calls } = props;
  const others = calls.length - NAMED;
  return (
    <div class="now-line">
      <span class="row">
        <LevelMark level={props.level} />
        {props.text}
      </span>
      {calls.slice(0, NAMED).map((call) => (
        <span key={call.id} data-session={call.id}>
          <a class="row-link" href={`/sessions/${call.id}`} title={formatPhase(call)}>
            <Title call={call} />
          </a>{" "}
          <span class="faint">{formatPresence(call)}</span>
        </span>
      ))}
      {others > 0 && <a href="/sessions?status=LIVE">and {formatPlural(others, "other")}</a>}
    </div>
  );
}

/** `4 there · 18 min`; who came first is not lost while everybody is gone. */
function formatPresence(call: SessionRow): string {
  const length = formatDuration(now.value - startOf(call));
  if (call.phase === "draining") return `everybody left · ${length}`;
  return call.phase === "open" ? "nobody there yet" : `${formatCount(call.live_participants)} there · ${length}`;
}

function startOf(call: SessionRow): number {
  return call.started_at ?? call.created_at;
}
