import { Name } from "../../components/texts";
import { isolate } from "../../format/texts";
import { Component } from "preact";
import type { SessionRow } from "../../api/types";
import { now } from "../../clock";
import { Sparkline, Verdict } from "../../components/level";
import { Timestamp } from "../../components/timestamp";
import { Sentence, SentenceAbout } from "../../components/sentence";
import { go } from "../../route";
import { formatMinutes } from "../../format/numbers";
import { formatName, formatPhase, formatTitle } from "../../format/labels";
import { formatDuration } from "../../format/time";
import { formatFullVerdict } from "../../format/quality";

const NAMES_SHOWN = 4;
/** A title of more characters is cut after two lines. */
const LONG_TITLE = 60;

/** One session as a row, rendered again only when it has changed. */
export class SessionTableRow extends Component<{ call: SessionRow }> {
  override shouldComponentUpdate(next: { call: SessionRow }): boolean {
    return next.call !== this.props.call;
  }

  override render() {
    return <Row call={this.props.call} />;
  }
}

/** A click anywhere in a row opens the session; the title is the link. */
function Row({ call }: { call: SessionRow }) {
  const address = `/sessions/${call.id}`;
  const isLive = call.status === "LIVE";
  const title = formatTitle(call);
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
      </td>
      <td class="c-start">
        <Timestamp at={call.started_at ?? call.created_at} />
        <span class="faint length">{isLive ? <Running call={call} /> : lengthOf(call)}</span>
      </td>
      <td class="c-people">
        <Names call={call} />
      </td>
      <td class="c-minutes number" title={`${call.minutes.toFixed(2)} participant minutes`}>
        {formatMinutes(call.minutes)}
        <span class="unit"> min</span>
      </td>
      <td class="c-quality" title={formatFullVerdict(call.quality)}>
        {call.quality?.measured_participants ? (
          <>
            <Verdict quality={call.quality} />
            <Sparkline shares={call.quality.shares} />
          </>
        ) : (
          <span class="faint">{isLive ? "Not judged yet" : "Not judged"}</span>
        )}
      </td>
      <td class="c-issue">
        {call.worst_issue && (
          <p class={`sentence ${call.worst_issue.severity}`}>
            <WorstIssue issue={call.worst_issue} anchor={call.started_at ?? call.created_at} />
          </p>
        )}
      </td>
    </tr>
  );
}

function WorstIssue({ issue, anchor }: { issue: NonNullable<SessionRow["worst_issue"]>; anchor: number }) {
  const name = issue.participant_name;
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

function Names({ call }: { call: SessionRow }) {
  const shown = call.participants.slice(0, NAMES_SHOWN);
  const others = call.total_participants - shown.length;
  if (!call.total_participants) return <span class="faint">Nobody yet</span>;
  return (
    <p class="names" title={call.participants.map((one) => isolate(formatName(one.name))).join(", ")}>
      {call.status === "LIVE" && (
        <span class="tag">
          {call.live_participants} of {call.total_participants} there
        </span>
      )}
      {shown.map((one, index) => (
        <span key={one.id}>
          <Name name={one.name} />
          {index < shown.length - 1 ? ", " : ""}
        </span>
      ))}
      {others > 0 && <span class="faint"> +{others}</span>}
    </p>
  );
}
