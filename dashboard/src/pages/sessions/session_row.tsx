import { Name } from "../../components/texts";
import { isolate } from "../../format/texts";
import { Component } from "preact";
import type { SessionRow } from "../../api/types";
import { now } from "../../clock";
import { LevelMark, Sparkline, Verdict } from "../../components/level";
import { Timestamp } from "../../components/timestamp";
import { Sentence, SentenceAbout } from "../../components/sentence";
import { go, place } from "../../route";
import { formatCount, formatMinutes, formatPlural } from "../../format/numbers";
import { formatName, formatPhase, formatTitle } from "../../format/labels";
import { formatDuration } from "../../format/time";
import { formatFullVerdict } from "../../format/quality";
import { sessionAddress, soughtOf } from "./sought";

const NAMES_SHOWN = 3;
/** A title of more characters is cut after two lines. */
const LONG_TITLE = 60;

interface RowProps {
  call: SessionRow;
  /** Whether the day stands above the row, so that the row needs only the time. */
  isDayShown: boolean;
}

/** One session as a row, rendered again only when it has changed. */
export class SessionTableRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return next.call !== this.props.call || next.isDayShown !== this.props.isDayShown;
  }

  override render() {
    return <Row {...this.props} />;
  }
}

/** A click anywhere in a row opens the session; the title is the link. */
function Row({ call, isDayShown }: RowProps) {
  const address = sessionAddress(call.id, call.participants, place.peek().query);
  const isLive = call.status === "LIVE";
  const title = formatTitle(call);
  const start = call.started_at ?? call.created_at;
  return (
    <tr
      class={rowClass(call)}
      data-session={call.id}
      onClick={(event) => {
        if (event.defaultPrevented || (event.target as Element).closest("a, button")) return;
        if (!getSelection()?.isCollapsed) return;
        if (event.metaKey || event.ctrlKey) open(address, "_blank", "noopener");
        else go(address);
      }}
    >
      <td class="c-start">{isDayShown ? <Timestamp at={start} as="clock" /> : <Timestamp at={start} />}</td>
      <td class="c-title">
        <a class={title.length > LONG_TITLE ? "row-link long" : "row-link"} href={address} title={isolate(title)}>
          <bdi>{title}</bdi>
        </a>
        {call.parent_session_id && <span class="tag">Breakout</span>}
        {isLive && (
          <span class="live-mark" title={formatPhase(call)}>
            {call.phase === "draining" ? "Empty" : call.phase === "open" ? "Open" : "Live"}
          </span>
        )}
        <Sought call={call} />
      </td>
      <td class="c-people number" title={call.participants.map((one) => isolate(formatName(one.name))).join(", ")}>
        {isLive && `${formatCount(call.live_participants)} of `}
        <a class="faint-link" href={`/sessions/${call.id}/attendance`} title="Attendance">
          {formatCount(call.people)}
          <span class="unit"> {call.people === 1 ? "person" : "people"}</span>
        </a>
      </td>
      <td class="c-length">{isLive ? <Running call={call} /> : lengthOf(call)}</td>
      <td class="c-minutes number" title={`${call.minutes.toFixed(2)} person-minutes`}>
        {formatMinutes(call.minutes)}
      </td>
      <td class="c-quality" title={formatFullVerdict(call.quality)}>
        {call.quality?.measured_participants ? (
          <Verdict quality={call.quality} />
        ) : (
          <span class="verdict faint">
            <LevelMark level={0} text={isLive ? "Not judged yet" : "Not measured"} />
            <span aria-hidden="true">{isLive ? "Not judged yet" : "Not measured"}</span>
          </span>
        )}
      </td>
      <td class="c-strip">
        {call.quality && call.quality.measured_participants > 0 && <Sparkline shares={call.quality.shares} />}
      </td>
      <td class="c-issue">
        {call.worst_issue && (
          <p class="sentence">
            <WorstIssue issue={call.worst_issue} anchor={start} />
          </p>
        )}
      </td>
    </tr>
  );
}

/** The cause in a few words, the one at whom it lies first; its sentence is there to be asked for. */
export function WorstIssue({ issue, anchor }: { issue: NonNullable<SessionRow["worst_issue"]>; anchor: number }) {
  const name = issue.participant_name;
  if (issue.noun) {
    const others = issue.others_affected;
    return (
      <span title={isolate(issue.sentence)}>
        <b>
          <Name name={name} />
        </b>{" "}
        {issue.noun.charAt(0).toLowerCase() + issue.noun.slice(1)}
        {issue.amount && `, ${issue.amount}`}
        {others > 0 && <span class="faint"> · noticed by {formatPlural(others, "other")}</span>}
      </span>
    );
  }
  if (name === null) return <Sentence text={issue.sentence} anchor={anchor} />;
  return (
    <SentenceAbout
      text={issue.sentence}
      anchor={anchor}
      name={name}
      marked={
        <b>
          <Name name={name} />
        </b>
      }
      divider=" "
    />
  );
}

function rowClass(call: SessionRow): string {
  if (call.status === "LIVE") return "row live";
  return call.quality?.is_bad ? "row bad" : "row";
}

function lengthOf(call: SessionRow): string {
  if (call.started_at === null || call.ended_at === null) return "";
  return formatDuration(call.ended_at - call.started_at);
}

function Running({ call }: { call: SessionRow }) {
  return <>{formatDuration(now.value - (call.started_at ?? call.created_at))}</>;
}

/** Those of the participants for whom the list is searched, or whose sessions it shows. */
function Sought({ call }: { call: SessionRow }) {
  const found = soughtOf(call.participants, place.peek().query).slice(0, NAMES_SHOWN);
  if (!found.length) return null;
  return (
    <span class="sought">
      {found.map((one) => (
        <span key={one.id}>
          <LevelMark level={one.level} /> <Name name={one.name} />
        </span>
      ))}
    </span>
  );
}
