import type { Poll } from "../../api/types";
import { Timestamp } from "../../components/timestamp";
import { formatPlural } from "../../format/numbers";
import { pin } from "./time_cursor";

/** The polls of a session: each question, its options and how many chose each. */
export function Polls({ polls }: { polls: readonly Poll[] }) {
  return (
    <ol class="polls" aria-label="Polls, in order of time">
      {polls.map((poll) => (
        <li key={poll.id}>
          <button type="button" class="quiet" title="Show this moment" onClick={() => pin(poll.at)}>
            <Timestamp at={poll.at} as="exact" />
          </button>
          <div>
            <b>
              <bdi>{poll.question || "A poll without a question"}</bdi>
            </b>{" "}
            <span class="faint">{formatPlural(poll.answers, "answer")}</span>
            {poll.options.map((option) => (
              <p key={option.text}>
                <meter min={0} max={Math.max(1, poll.answers)} value={option.votes} aria-label={option.text} />
                <bdi>{option.text}</bdi> <span class="faint">{option.votes}</span>
              </p>
            ))}
          </div>
        </li>
      ))}
    </ol>
  );
}
