import { Markdown } from "../../components/markdown";
import { useState } from "preact/hooks";
import { mayWrite } from "../../account";
import { post } from "../../api/request";
import { asRequestError } from "../../api/resource";
import type { SessionPage, SummaryText } from "../../api/types";
import { Empty } from "../../components/placeholders";
import { emptyTitle } from "./kept";

const UNDER_WAY_MS = 2_000;

/** The summary of the transcript, or a button that requests one. */
export function SummaryText(props: { page: SessionPage; path: string; onChange: () => void }) {
  const { summary } = props.page;
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsked, setIsAsked] = useState(false);
  const ask = async (): Promise<void> => {
    setIsAsked(true);
    try {
      await post(props.path);
      setProblem(null);
      setTimeout(props.onChange, UNDER_WAY_MS);
    } catch (error) {
      setProblem(asRequestError(error).message);
    } finally {
      setIsAsked(false);
    }
  };
  const hasWords = props.page.transcript.items.length > 0;
  if (summary?.state === "COMPLETED" && summary.text !== null) return <Text summary={summary} />;
  const gone = emptyTitle(props.page, "summaries", "");
  if (gone) return <Empty title={gone} />;
  return (
    <Empty title={titleOf(summary)}>
      {summary?.error && <p>{summary.error}</p>}
      {problem && <p class="field-problem">{problem}</p>}
      {isUnderWay(summary) ? (
        <button type="button" class="choice" onClick={props.onChange}>
          Look again
        </button>
      ) : hasWords && mayWrite.value ? (
        <button type="button" class="choice" disabled={isAsked} onClick={() => void ask()}>
          Summarise the transcript
        </button>
      ) : (
        <p>{hasWords ? "An admin can ask for one." : "There is no transcript to summarise."}</p>
      )}
    </Empty>
  );
}

function isUnderWay(summary: SummaryText | null): boolean {
  return summary?.state === "PENDING" || summary?.state === "IN_PROGRESS";
}

function titleOf(summary: SummaryText | null): string {
  if (isUnderWay(summary)) return "The summary is being written";
  return summary?.state === "FAILED" ? "The summary failed" : "There is no summary yet";
}

function Text({ summary }: { summary: SummaryText }) {
  const text = summary.text ?? "";
  return (
    <div class="summary" tabIndex={0} role="group" aria-label="Summary">
      {summary.is_markdown ? (
        <Markdown text={text} />
      ) : (
        <p class="plain" dir="auto">
          {text}
        </p>
      )}
      {summary.model !== null && <p class="faint">Written by the model {summary.model}; it may be wrong.</p>}
    </div>
  );
}
