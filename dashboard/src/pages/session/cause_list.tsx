import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { CauseRow, Level, ParticipantTimeline, SessionPage, TextPart } from "../../api/types";
import { Icon, type IconName } from "../../components/icon";
import { NamedText, setWords } from "../../components/named_text";
import { Name } from "../../components/texts";
import { formatPlural } from "../../format/numbers";
import { formatLevel } from "../../format/quality";
import { formatTimeWithSeconds } from "../../format/time";
import { goQuery, parameter } from "../../route";
import { linkHere } from "./here";
import { laneOf } from "./stays";
import { shareAt } from "./time_scale";

const ICONS: Record<string, IconName> = {
  uplink: "up",
  bandwidth: "up",
  downlink: "down",
  reception: "down",
  server: "server",
  sender: "up",
  relay_tcp: "relay",
  round_trip: "clock",
  lateness: "clock",
  slow_connect: "clock",
  no_answer: "clock",
  no_relay_candidate: "relay",
  media_refused: "microphone",
  cpu: "processor",
  one_way_audio: "microphone",
  audio_not_played: "microphone",
  poor_sound: "microphone",
  poor_sound_sent: "microphone",
  silent_microphone: "silent",
  constant_audio: "silent",
  no_audio_sent: "silent",
  no_video_received: "camera",
  no_video_sent: "camera",
  poor_picture: "camera",
  poor_picture_sent: "camera",
  interruption: "again",
  rejoined: "again",
  stats_gap: "info",
};

/** Rows shown before the rest is folded. */
const SHOWN_AT_FIRST = 6;
const MOST_NAMED = 2;

export interface ShownCauses {
  /** The causes that concern the chosen person, or everybody; the worst first. */
  own: readonly CauseRow[];
  /** Worth knowing, nobody's trouble. */
  notes: readonly CauseRow[];
  /** Those that did not touch the chosen person. */
  others: readonly CauseRow[];
}

export function shownCauses(page: SessionPage, chosen: ParticipantTimeline | null): ShownCauses {
  const id = chosen?.participant_id;
  const touches = (cause: CauseRow): boolean => id === undefined || id in cause.levels;
  const own = page.causes.filter((cause) => !cause.is_note && touches(cause));
  if (id !== undefined) own.sort((one, other) => levelFor(one, id) - levelFor(other, id));
  // The cause that the sentence is about stands first.
  const first = (id === undefined ? page.verdict : page.personal[id])?.cause;
  own.sort((one, other) => Number(other.key === first) - Number(one.key === first));
  return {
    own,
    notes: page.causes.filter((cause) => cause.is_note && touches(cause)),
    others: page.causes.filter((cause) => !touches(cause)),
  };
}

function levelFor(cause: CauseRow, participantId: string): number {
  return cause.levels[participantId] || 5;
}

/** The causes as rows on the time axis, each of which opens. */
export function CauseList({ page, shown }: { page: SessionPage; shown: ShownCauses }) {
  const open = parameter("cause").value;
  const first = shown.own.slice(0, SHOWN_AT_FIRST);
  const rest = shown.own.slice(SHOWN_AT_FIRST);
  const row = (cause: CauseRow) => <Row key={cause.key} page={page} cause={cause} isOpen={open === cause.key} />;
  return (
    <>
      {first.map(row)}
      {!shown.own.length && <p class="fold">{formatNothing(page)}</p>}
      <Fold causes={rest} open={open} label={`${rest.length} more`}>
        {rest.map(row)}
      </Fold>
      <Fold causes={shown.notes} open={open} label={formatNotes(shown.notes)}>
        {shown.notes.map(row)}
      </Fold>
      <Fold
        causes={shown.others}
        open={open}
        label={`${formatPlural(shown.others.length, "cause")} that did not touch this person`}
      >
        {shown.others.map(row)}
      </Fold>
    </>
  );
}

function formatNothing(page: SessionPage): string {
  if (!page.call.quality?.measured_participants) return "Nothing was measured, so that no cause is known.";
  return page.call.status === "LIVE" ? "Nothing wrong was found so far." : "Nothing wrong was found.";
}

/** `3 notes, nobody's fault: relay over TCP, not measured`. */
function formatNotes(notes: readonly CauseRow[]): string {
  const nouns = [...new Set(notes.map((note) => note.noun.toLowerCase()))];
  return `${formatPlural(notes.length, "note")}, nobody\u2019s trouble: ${nouns.slice(0, 3).join(", ")}`;
}

function Fold(props: {
  causes: readonly CauseRow[];
  open: string | null;
  label: string;
  children: ComponentChildren;
}) {
  if (!props.causes.length) return null;
  const holdsOpen = props.causes.some((cause) => cause.key === props.open);
  return (
    <details class="folded" open={holdsOpen}>
      <summary class="fold">
        <Icon name="open" />
        {props.label}
      </summary>
      {props.children}
    </details>
  );
}

function Row({ page, cause, isOpen }: { page: SessionPage; cause: CauseRow; isOpen: boolean }) {
  const level = cause.is_note || cause.level === 4 ? 0 : cause.level;
  const box = useRef<HTMLDivElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    // One that was opened by a key may lie outside the window.
    if (isOpen && !wasOpen.current) box.current?.scrollIntoView({ block: "nearest" });
    wasOpen.current = isOpen;
  }, [isOpen]);
  const id = `cause-${cause.key}`;
  return (
    <div class="cause" ref={box} data-cause={cause.key}>
      <button
        type="button"
        class="line"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => goQuery({ cause: isOpen ? null : cause.key }, true)}
      >
        <span class="who">
          <span class={`glyph glyph-${level}`} title={level ? formatLevel(level) : undefined}>
            <Icon name={ICONS[cause.cause] ?? "info"} />
            {level > 0 && <span class="unseen">{formatLevel(level)}: </span>}
          </span>
          <span class="two">
            <span class="name">
              <Subjects page={page} cause={cause} />
            </span>
            <span class="sub">
              {cause.noun}
              {cause.is_lasting && ", going on"}
              {cause.reach.length > 0 && (
                <>
                  {" · "}
                  <NamedText text={cause.reach} anchor={null} />
                </>
              )}
            </span>
          </span>
        </span>
        <CauseBar page={page} cause={cause} level={level} />
        <span class="fig">
          <span>{setWords(cause.amount)}</span>
          <Icon name="open" />
        </span>
      </button>
      {isOpen && <Explanation id={id} page={page} cause={cause} />}
    </div>
  );
}

function Subjects({ page, cause }: { page: SessionPage; cause: CauseRow }) {
  if (!cause.subjects.length) return <>Everybody</>;
  const named = cause.subjects.slice(0, MOST_NAMED);
  const more = cause.subjects.length - named.length;
  return (
    <>
      {named.map((id, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <Name name={laneOf(page.lanes, id)?.name} />
        </span>
      ))}
      {more > 0 && ` and ${more} more`}
    </>
  );
}

/** When it was, on the page's time axis. */
function CauseBar({ page, cause, level }: { page: SessionPage; cause: CauseRow; level: Level }) {
  const words = cause.spans.slice(0, 4).map(([from, to]) => `${formatTimeWithSeconds(from)} to ${formatTimeWithSeconds(to)}`);
  return (
    <span class="mid-track">
      <svg class="cause-bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="base" y={3.5} width={1000} height={1} />
        {cause.spans.map(([from, to]) => {
          const left = 1000 * Math.max(0, shareAt(page, from));
          const width = Math.max(3, 1000 * Math.min(1, shareAt(page, to)) - left);
          return (
            <g key={from}>
              <rect class={`span-${level}`} x={left} width={width} height={8} />
              <rect class={`cap-${level}`} x={left} width={width} height={1.5} />
            </g>
          );
        })}
      </svg>
      <span class="unseen">{words.join(", ")}</span>
    </span>
  );
}

/** What happened, how that is known, what followed, what to do. */
function Explanation({ id, page, cause }: { id: string; page: SessionPage; cause: CauseRow }) {
  const anchor = cause.spans[0]?.[0] ?? page.from_at;
  const effects = cause.effects;
  return (
    <div class="explained" id={id}>
      <div>
        <h3>What happened</h3>
        <Texts texts={cause.happened} anchor={anchor} />
        {cause.known.length > 0 && (
          <>
            <h3>How we know</h3>
            <Texts texts={cause.known} anchor={anchor} isFaint />
          </>
        )}
      </div>
      <div>
        {(cause.followed.length > 0 || effects > 0) && (
          <>
            <h3>What followed</h3>
            <ul>
              {cause.followed.map((text, index) => (
                <li key={index}>
                  <NamedText text={text} anchor={anchor} />
                </li>
              ))}
              {effects > 0 && <li class="faint">{formatPlural(effects, "effect")} on single streams, in the reports of others</li>}
            </ul>
          </>
        )}
        {!cause.is_note && (
          <>
            <h3>What to do</h3>
            <ul>
              {cause.advice.map((text, index) => (
                <li key={index}>
                  <NamedText text={text} anchor={null} />
                </li>
              ))}
            </ul>
          </>
        )}
        <p class="explained-links">
          {cause.subjects.slice(0, MOST_NAMED).map((subject) => (
            <a key={subject} {...linkHere(`/sessions/${page.call.id}/peers/${subject}`)}>
              Charts of <Name name={laneOf(page.lanes, subject)?.name} />
            </a>
          ))}
        </p>
      </div>
    </div>
  );
}

function Texts({ texts, anchor, isFaint }: { texts: readonly TextPart[][]; anchor: number; isFaint?: boolean }) {
  return (
    <>
      {texts.map((text, index) => (
        <p key={index} class={isFaint ? "known" : undefined}>
          <NamedText text={text} anchor={anchor} />
        </p>
      ))}
    </>
  );
}
