import type { ParticipantTimeline, SessionPage, SessionRow, VerdictWords } from "../../api/types";
import { now } from "../../clock";
import { CopyButton } from "../../components/copy_button";
import { Icon } from "../../components/icon";
import { Popover } from "../../components/popover";
import { Clamped, Title } from "../../components/texts";
import { formatPhase, formatTitle } from "../../format/labels";
import { formatCount, formatMinutes, formatPlural } from "../../format/numbers";
import { formatDate, formatDuration, formatTime, formatTimeWithSeconds, formatUtc, isSameDay } from "../../format/time";
import { formatZone } from "../../format/zone";
import { linkToHere } from "../../link";
import { isShared } from "../../route";
import { shownCauses } from "./cause_list";
import { Tools } from "./export_menu";
import { linkHere } from "./here";
import { listAddress } from "./list_address";
import { SeeAs } from "./see_as";
import { writeMarkdown, writePlain, type Ticket } from "./ticket";
import { pinned } from "./time_cursor";

/** Which session this is: the way back, its title and state, when and how many, whose view. */
export function Head(props: {
  page: SessionPage;
  verdict: VerdictWords;
  chosen: ParticipantTimeline | null;
  appId: string;
  rawPath: string;
}) {
  const { page, chosen } = props;
  const { call } = page;
  return (
    <header class="session-head">
      <div class="session-title">
        {!isShared() && <Crumbs page={page} />}
        <h1>
          <Clamped lines={2}>
            <Title call={call} />
          </Clamped>
        </h1>
        <span class={call.status === "LIVE" ? "live-mark" : "tag"}>{formatPhase(call)}</span>
        <div class="session-tools">
          <Popover label="Copy for a ticket" name="Copy for a ticket" isAtEnd isQuiet>
            {() => <TicketChoice page={page} verdict={props.verdict} chosen={chosen} />}
          </Popover>
          <Tools appId={props.appId} sessionId={call.id} rawPath={props.rawPath} artefacts={page.artefacts} isOver={call.ended_at !== null} />
        </div>
      </div>
      <div class="session-sub">
        <Facts page={page} />
        <SeeAs page={page} chosen={chosen} />
      </div>
    </header>
  );
}

function Crumbs({ page }: { page: SessionPage }) {
  return (
    <p class="crumbs">
      <a href={listAddress()}>Sessions</a>
      <Icon name="open" />
      {page.parent && (
        <>
          <a {...linkHere(`/sessions/${page.parent.id}`)}>
            <Title call={page.parent} />
          </a>
          <Icon name="open" />
        </>
      )}
    </p>
  );
}

function TicketChoice({ page, verdict, chosen }: { page: SessionPage; verdict: VerdictWords; chosen: ParticipantTimeline | null }) {
  const ticket: Ticket = {
    page,
    verdict,
    causes: shownCauses(page, chosen).own,
    link: linkToHere(),
    at: pinned.value,
  };
  const text = writePlain(ticket);
  return (
    <div class="ticket">
      <pre tabIndex={0}>{text}</pre>
      <div class="row">
        <CopyButton text={text} label="Copy as plain text" shown="Copy as plain text" />
        <CopyButton text={writeMarkdown(ticket)} label="Copy as Markdown" shown="Copy as Markdown" />
      </div>
    </div>
  );
}

function Facts({ page }: { page: SessionPage }) {
  const { call } = page;
  const isLive = call.status === "LIVE";
  const stays = page.lanes.reduce((sum, lane) => sum + lane.peers.length, 0);
  const most = call.max_concurrent_participants;
  const all = call.people;
  return (
    <p class="session-facts">
      <When call={call} />
      <Length call={call} />
      <span>
        {isLive ? `${formatCount(call.live_participants)} there now of ` : ""}
        {formatPlural(all, "person", "people")}
        {stays > all && ` in ${formatCount(stays)} stays`}
        {all > 1 && most > 0 && (most === all ? `, all ${formatCount(all)} at once` : `, at most ${formatCount(most)} at once`)}
      </span>
      <span title="The sum of everybody's presence">{formatMinutes(call.minutes)} person-minutes</span>
      {isLive && <Heard page={page} />}
      <a href={`/sessions?meeting_id=${call.meeting_id}&meeting_id_name=${encodeURIComponent(formatTitle(call))}`}>
        All of this meeting
      </a>
    </p>
  );
}

/** `Thu 26 Nov 2026, 13:19–13:31 CET`. */
function When({ call }: { call: SessionRow }) {
  const start = call.started_at;
  const end = call.ended_at;
  return (
    <span>
      {isSameDay(start, now.peek()) && "Today, "}
      <time dateTime={new Date(start).toISOString()} title={formatUtc(start)}>
        {/* Another year than any shows the year always. */}
        {formatDate(start, 0)}, {end === null && "since "}
        {formatTime(start)}
      </time>
      {end !== null && (
        <>
          –
          <time dateTime={new Date(end).toISOString()} title={formatUtc(end)}>
            {!isSameDay(start, end) && `${formatDate(end, 0)}, `}
            {formatTime(end)}
          </time>
        </>
      )}{" "}
      {formatZone(start)}
    </span>
  );
}

function Length({ call }: { call: SessionRow }) {
  if (call.ended_at !== null) return <span>{formatDuration(call.ended_at - call.started_at)}</span>;
  return <span>{formatDuration(now.value - call.started_at)} so far</span>;
}

function Heard({ page }: { page: SessionPage }) {
  if (page.heard_at === null) return null;
  const ago = now.value - page.heard_at;
  return (
    <span class="faint" title={formatTimeWithSeconds(page.heard_at)}>
      Heard {formatDuration(ago)} ago
    </span>
  );
}
