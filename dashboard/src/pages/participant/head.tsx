import { me } from "../../account";
import type { ParticipantPage } from "../../api/types";
import { LevelMark } from "../../components/level";
import { NamedText } from "../../components/named_text";
import { VerdictSentence } from "../../components/verdict_sentence";
import { Clamped, Name, Title } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { now } from "../../clock";
import { formatPlural } from "../../format/numbers";
import { formatLevel } from "../../format/quality";
import { formatAge, formatDuration, formatTimeWithSeconds, isSameDay } from "../../format/time";
import { formatZone } from "../../format/zone";
import { isShared, place } from "../../route";
import { Tools } from "../session/export_menu";
import { kitPath } from "../session/snippets";

/** The session's page, with the moment and what else of it was in the address. */
export function sessionAddress(sessionId: string): string {
  const kept = new URLSearchParams();
  for (const name of ["at", "person", "cause", "find"]) {
    const value = place.value.query.get(name);
    if (value) kept.set(name, value);
  }
  return `/sessions/${sessionId}${kept.size ? `?${kept}` : ""}`;
}

export function Head({ page, appId, peerId }: { page: ParticipantPage; appId: string; peerId: string }) {
  const { call, lane } = page;
  const reportOf = lane.peers.find((peer) => peer.id === peerId)?.id ?? lane.peers[0]?.id ?? peerId;
  const others = call.total_participants - 1;
  const end = lane.left_at ?? (call.status === "LIVE" ? now.value : page.to_at);
  return (
    <header class="session-head">
      <div class="row">
        <p class="crumbs">
          {!isShared() && (
            <>
              <a href="/sessions">Sessions</a>
              {" / "}
            </>
          )}
          <a href={sessionAddress(call.id)}>
            <Title call={call} />
          </a>
        </p>
        <div class="row tools">
          {!isShared() && (
            <a class="choice" href={`/people/${encodeURIComponent(lane.person)}`}>
              All calls of this person
            </a>
          )}
          <Tools
            appId={appId}
            sessionId={call.id}
            peerId={reportOf}
            rawPath={`${kitPath(me.value?.account_id ?? "", appId)}/sessions/peer-report/${reportOf}`}
          />
        </div>
      </div>
      <h1>
        <Clamped lines={2}>
          <Name name={lane.name} />
        </Clamped>
        {call.status === "LIVE" && <span class="live-mark">Live</span>}
      </h1>
      <p class="session-facts">
        <span>
          <Timestamp at={lane.joined_at} />
          {lane.left_at !== null && (
            <>
              {" – "}
              <Timestamp at={lane.left_at} as={isSameDay(lane.joined_at, lane.left_at) ? "clock" : "moment"} />
              {lane.left_is_inferred && " (inferred)"}
            </>
          )}{" "}
          {formatZone(lane.joined_at)}
        </span>
        <span>
          {formatDuration(end - lane.joined_at)}
          {lane.left_at === null && call.status === "LIVE" && " so far"}
        </span>
        <span>{others > 0 ? formatPlural(others, "other") : "nobody else"}</span>
        {call.status === "LIVE" && lane.left_at === null && page.heard_at !== null && (
          <span>heard {formatHeard(page.heard_at)}</span>
        )}
      </p>
      {call.status !== "LIVE" && !page.is_final && <Settling page={page} />}
    </header>
  );
}

function formatHeard(at: number): string {
  const age = now.value - at;
  return age < 60_000 ? `${Math.max(0, Math.round(age / 1000))} s ago` : formatAge(at, now.value);
}

/** After the end, until the last reports are counted. */
function Settling({ page }: { page: ParticipantPage }) {
  const { ended_at } = page.call;
  return (
    <p class="peer-state" role="status">
      <b>Settling.</b>{" "}
      {ended_at !== null && `Ended at ${formatTimeWithSeconds(ended_at)} ${formatZone(ended_at)}. `}
      The last reports are being counted; figures and causes may still change.
    </p>
  );
}

/** How the call was for this person, who noticed, and what to do first. */
export function VerdictHead({ page }: { page: ParticipantPage }) {
  const { verdict, lane, call } = page;
  const anchor = page.from_at;
  const isSaid = verdict.what.length > 0;
  const soFar = page.is_final ? "" : call.status === "LIVE" ? ", so far" : ", not final";
  return (
    <section class="answer" aria-label="Verdict">
      <p class="answer-level">
        <LevelMark level={verdict.level} />
        <span>
          {verdict.level === 0 ? "Not judged" : `${formatLevel(verdict.level)} call`}
          {isSaid && <span class="faint">{soFar}</span>}
        </span>
      </p>
      <p class="answer-sentence">
        {isSaid ? (
          <VerdictSentence verdict={verdict} anchor={anchor} />
        ) : lane.is_measured ? (
          "Too little was measured to judge the call."
        ) : call.status === "LIVE" ? (
          "Not judged yet: no measurement has arrived."
        ) : (
          "Nothing was measured: only the presence is known."
        )}
      </p>
      {verdict.more.length > 0 && (
        <p class="answer-more">
          <NamedText text={verdict.more} anchor={anchor} />
        </p>
      )}
      {verdict.advice.length > 0 && (
        <p class="answer-do">
          <b>What to do:</b> <NamedText text={verdict.advice} anchor={null} />
        </p>
      )}
    </section>
  );
}
