import type { SessionPage, VerdictWords } from "../../api/types";
import { LevelMark } from "../../components/level";
import { Name } from "../../components/texts";
import { NamedText } from "../../components/named_text";
import { VerdictSentence } from "../../components/verdict_sentence";
import { formatLevel, formatFullVerdict } from "../../format/quality";
import type { ParticipantTimeline } from "../../api/types";
import { formatPlural } from "../../format/numbers";
import { emptyTitle } from "./kept";

/** The first thing on the page: how the call was, who noticed, and what to do. */
export function VerdictHead(props: { page: SessionPage; verdict: VerdictWords; chosen: ParticipantTimeline | null }) {
  const { page, verdict, chosen } = props;
  const anchor = page.from_at;
  const isSaid = verdict.what.length > 0;
  return (
    <section class="answer" aria-label="Verdict">
      <p class="answer-level">
        <LevelMark level={verdict.level} />
        <span>
          {chosen ? (
            <>
              {formatLevel(chosen.level)} for <Name name={chosen.name} />
              {page.call.quality && page.call.quality.measured_participants > 1 && (
                <span class="faint">. The call: {formatFullVerdict(page.call.quality).toLowerCase()}</span>
              )}
            </>
          ) : (
            formatFullVerdict(page.call.quality)
          )}
          {!page.is_final && isSaid && <span class="faint">{page.call.status === "LIVE" ? ", so far" : ", not final"}</span>}
        </span>
      </p>
      <p class="answer-sentence">
        {isSaid ? (
          <VerdictSentence verdict={verdict} anchor={anchor} />
        ) : (
          formatUnjudged(page, chosen)
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

/** Why there is no verdict. */
function formatUnjudged(page: SessionPage, chosen: ParticipantTimeline | null): string {
  const isLive = page.call.status === "LIVE";
  if (!page.lanes.length) return isLive ? "Nobody has joined yet." : "Nobody joined.";
  const measured = page.lanes.filter((lane) => lane.is_measured).length;
  if (isLive && !measured) return "Not judged yet: no measurement has arrived.";
  if (chosen ? chosen.is_measured : measured) return isLive ? "Not judged yet." : "Too little was measured to judge the call.";
  const gone = emptyTitle(page, "reports", "");
  if (gone) return `${gone}: only who was there is known.`;
  if (chosen) return "Nothing was measured: only the presence is known.";
  return `Nobody was measured: only who was there is known (${formatPlural(page.lanes.length, "person", "people")}).`;
}
