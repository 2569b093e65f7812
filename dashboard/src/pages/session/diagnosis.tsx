import { Name } from "../../components/texts";
import type { TimelineFinding } from "../../api/types";
import { Timestamp } from "../../components/timestamp";
import { Sentence, SentenceAbout } from "../../components/sentence";
import { formatSeverity } from "../../format/labels";
import { pin } from "./time_cursor";

const SHOWN_AT_FIRST = 5;

/** The findings as sentences, the worst first. */
export function Diagnosis(props: {
  findings: TimelineFinding[];
  /** Whether there are more findings, less severe ones. */
  isCut?: boolean;
  /** The text without findings. */
  otherwise: string;
  sessionId: string;
}) {
  const { findings } = props;
  if (!findings.length) return <p class="diagnosis-none">{props.otherwise}</p>;
  // Findings of severity information are mostly a fault as others experienced it.
  const grave = findings.filter((finding) => finding.severity !== "information");
  const first = (grave.length ? grave : findings).slice(0, SHOWN_AT_FIRST);
  const rest = findings.filter((finding) => !first.includes(finding));
  return (
    <section class="diagnosis" aria-label="Diagnosis">
      <List findings={first} sessionId={props.sessionId} />
      {rest.length > 0 && (
        <details>
          <summary>
            {rest.length} more{props.isCut && "; each participant's page has all of its own"}
          </summary>
          <List findings={rest} sessionId={props.sessionId} />
        </details>
      )}
    </section>
  );
}

function List({ findings, sessionId }: { findings: TimelineFinding[]; sessionId: string }) {
  return (
    <ul>
      {findings.map((finding, index) => (
        <li key={index} class={`finding ${finding.severity}`}>
          <span class="severity">{formatSeverity(finding.severity)}</span>
          <p>
            <FindingSentence finding={finding} sessionId={sessionId} />
            {finding.severity !== "information" && finding.advice && (
              <span class="advice">What to do: {finding.advice}.</span>
            )}
          </p>
          {finding.first_at !== null && (
            <button
              type="button"
              class="quiet"
              title="Show this moment"
              onClick={() => pin(finding.first_at)}
            >
              <Timestamp at={finding.first_at} as="exact" />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The sentence, its person a link to that person's page. */
function FindingSentence({ finding, sessionId }: { finding: TimelineFinding; sessionId: string }) {
  if (!finding.participant_id)
    return <Sentence text={finding.sentence} anchor={finding.first_at} />;
  const address = `/sessions/${sessionId}/peers/${finding.participant_id}`;
  return (
    <SentenceAbout
      text={finding.sentence}
      anchor={finding.first_at}
      name={finding.participant_name ?? ""}
      marked={
        <a href={address}>
          <Name name={finding.participant_name} />
        </a>
      }
      divider=" – "
    />
  );
}
