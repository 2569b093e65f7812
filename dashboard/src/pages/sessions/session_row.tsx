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
import { formatName, formatPhase, formatTitle, formatValue } from "../../format/labels";
import { formatDuration } from "../../format/time";
import { formatFullVerdict } from "../../format/quality";
import type { ColumnName } from "./columns";
import { sessionAddress, soughtOf } from "./sought";

const NAMES_SHOWN = 3;
/** A title of more characters is cut after two lines. */
const LONG_TITLE = 60;

interface RowProps {
  call: SessionRow;
  columns: readonly ColumnName[];
  /** Whether the day stands above the row, so that the row needs only the time. */
  isDayShown: boolean;
}

/** One session as a row, rendered again only when it has changed. */
export class SessionTableRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { call, columns, isDayShown } = this.props;
    return next.call !== call || next.columns !== columns || next.isDayShown !== isDayShown;
  }

  override render() {
    return <Row {...this.props} />;
  }
}

/** A click anywhere in a row opens the session; the title is the link. */
function Row({ call, columns, isDayShown }: RowProps) {
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
      {columns.map((name) => (
        <Cell key={name} name={name} call={call} />
      ))}
    </tr>
  );
}

/** What a column that may be left out says of a session. */
function Cell({ name, call }: { name: ColumnName; call: SessionRow }) {
  const isLive = call.status === "LIVE";
  switch (name) {
    case "people":
      return <People call={call} />;
    case "length":
      return <td class="c-length">{isLive ? <Running call={call} /> : lengthOf(call)}</td>;
    case "minutes":
      return (
        <td class="c-minutes number" title={`${call.minutes.toFixed(2)} person-minutes`}>
          {formatMinutes(call.minutes)}
        </td>
      );
    case "verdict":
      return <Quality call={call} />;
    case "strip":
      return (
        <td class="c-strip">
          {call.quality && call.quality.measured_participants > 0 && <Sparkline shares={call.quality.shares} />}
        </td>
      );
    case "issue":
      return (
        <td class="c-issue">
          {call.worst_issue && (
            <p class="sentence">
              <WorstIssue issue={call.worst_issue} anchor={call.started_at ?? call.created_at} />
            </p>
          )}
        </td>
      );
    case "ended":
      return <td class="c-ended">{call.ended_at !== null && <Timestamp at={call.ended_at} as="clock" />}</td>;
    default: {
      const values = call[name].map((value) => formatValue(DIMENSION_OF[name], value)).join(", ");
      return (
        <td class={`c-${name}`} title={values}>
          <p class="sentence">{values}</p>
        </td>
      );
    }
  }
}

function People({ call }: { call: SessionRow }) {
  const names = call.participants.map((one) => isolate(formatName(one.name))).join(", ");
  return (
    <td class="c-people number" title={names}>
      {call.status === "LIVE" && `${formatCount(call.live_participants)} of `}
      <a class="faint-link" href={`/sessions/${call.id}/attendance`} title="Attendance">
        {formatCount(call.people)}
        <span class="unit"> {call.people === 1 ? "person" : "people"}</span>
      </a>
    </td>
  );
}

function Quality({ call }: { call: SessionRow }) {
  const otherwise = call.status === "LIVE" ? "Not judged yet" : "Not measured";
  return (
    <td class="c-quality" title={formatFullVerdict(call.quality)}>
      {call.quality?.measured_participants ? (
        <Verdict quality={call.quality} />
      ) : (
        <span class="verdict faint">
          <LevelMark level={0} text={otherwise} />
          <span aria-hidden="true">{otherwise}</span>
        </span>
      )}
    </td>
  );
}

/** How the filters call what a column lists of the people of a session. */
const DIMENSION_OF = {
  browsers: "browser",
  os: "os",
  countries: "country",
  networks: "network",
  relays: "relay",
} as const;

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
