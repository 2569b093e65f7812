import type { DeviceChange, Fact, CandidatePairText, ParticipantPage, TimelineCompleteness } from "../../api/types";
import { Timestamp } from "../../components/timestamp";
import { formatCount, formatLostData, formatPercent } from "../../format/numbers";
import { capitalise, formatCountry, formatEvent, formatLeaveReason, formatNetwork } from "../../format/labels";
import { formatDuration } from "../../format/time";
import { pin } from "../session/time_cursor";
import { formatData } from "../session/events";
import { connectingSteps } from "./connecting";

/** How the connection came about, a few facts, and all others on demand. */
export function Facts({ page }: { page: ParticipantPage }) {
  return (
    <>
      <Connecting page={page} />
      <Few page={page} />
      <details class="peer-all">
        <summary>All facts and events</summary>
        <Stays page={page} />
        <Pairs pairs={page.candidate_pairs} />
        <Groups page={page} />
        <Changes changes={page.device_changes} />
        <Events page={page} />
      </details>
    </>
  );
}

/** `offer, answer, connected after 1.4 s`, and what broke later. */
function Connecting({ page }: { page: ParticipantPage }) {
  const steps = connectingSteps(page.events, page.candidate_pairs);
  if (!steps.length) return null;
  return (
    <section>
      <h2>Connecting</h2>
      <p class="peer-steps">
        {steps.slice(0, MOST_STEPS).map((step, index) => (
          <span key={index}>
            {index > 0 && ", "}
            <button type="button" class={step.isTrouble ? "link trouble" : "link"} onClick={() => pin(step.at)}>
              {step.text}
            </button>
          </span>
        ))}
        {steps.length > MOST_STEPS && `, and ${steps.length - MOST_STEPS} more`}
      </p>
    </section>
  );
}

function Few({ page }: { page: ParticipantPage }) {
  const { lane } = page;
  const factOf = (group: string, name: string): string | null =>
    page.facts.find((fact) => fact.group === group && fact.name === name)?.value ?? null;
  const share = lane.completeness?.share ?? null;
  const [first] = lane.peers;
  const last = lane.peers.at(-1);
  const codecs = [factOf("Encoder", "Audio"), factOf("Encoder", "Video")].filter(Boolean).join(", ");
  const sdk = [factOf("SDK", "Name"), factOf("SDK", "Version")].filter(Boolean).join(" ");
  return (
    <section>
      <h2>Facts</h2>
      <dl>
        {first && (
          <div>
            <dt>There</dt>
            <dd>
              <Timestamp at={first.joined_at} as="exact" />
              {last && last.left_at !== null && (
                <>
                  {" – "}
                  <Timestamp at={last.left_at} as="exact" />
                </>
              )}
              {lane.peers.length > 1 && `, ${lane.peers.length} connections`}
            </dd>
          </div>
        )}
        {codecs && (
          <div>
            <dt>Codecs</dt>
            <dd>{codecs}</dd>
          </div>
        )}
        {sdk && (
          <div>
            <dt>SDK</dt>
            <dd>{sdk}</dd>
          </div>
        )}
        {share !== null && lane.completeness && (
          <div>
            <dt>Measured</dt>
            <dd>
              {share >= 1 ? "all" : formatPercent(100 * share)} of {formatCount(lane.completeness.expected_samples)} reports
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}

const MOST_STEPS = 12;

function Stays({ page }: { page: ParticipantPage }) {
  const { lane } = page;
  const share = lane.completeness?.share ?? null;
  return (
    <section>
      <h2>{lane.peers.length === 1 ? "Connection" : `${lane.peers.length} connections`}</h2>
      <ul>
        {lane.peers.map((peer) => (
          <li key={peer.id}>
            {peer.joined_is_inferred ? "about " : ""}
            <Timestamp at={peer.joined_at} as="exact" />
            {peer.left_at !== null && (
              <>
                {" – "}
                <Timestamp at={peer.left_at} as="exact" />
              </>
            )}{" "}
            <span class="faint">{formatLeaveReason(peer)}</span>
          </li>
        ))}
      </ul>
      {share !== null && (
        <p class="faint">
          {formatPercent(100 * share)} of the expected measurements arrived
          {gapsOf(page)}.
        </p>
      )}
      {lane.completeness && <Lost completeness={lane.completeness} />}
    </section>
  );
}

/** Facts that arrived and were not recorded. */
function Lost({ completeness }: { completeness: TimelineCompleteness }) {
  const lost = formatLostData(completeness);
  return lost ? <p class="faint">{lost}.</p> : null;
}

function gapsOf(page: ParticipantPage): string {
  const gaps = page.lane.completeness?.gaps ?? [];
  if (!gaps.length) return "";
  return `; missing: ${gaps.map(([from, to]) => formatDuration(to - from)).join(", ")}`;
}

function Pairs({ pairs }: { pairs: CandidatePairText[] }) {
  if (!pairs.length) return null;
  return (
    <section>
      <h2>Network path</h2>
      <ul>
        {pairs.map((pair, index) => (
          <li key={index} class={pair.is_selected ? undefined : "faint"}>
            <b>{pair.direction === "producing" ? "Sending" : "Receiving"}</b>: {pair.sentence}
            {!pair.is_selected && " (not used at the end)"}
            {(pair.local_address || pair.remote_address) && (
              <span class="faint addresses">
                {[pair.local_address, pair.remote_address].filter(Boolean).join(" → ")}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Groups({ page }: { page: ParticipantPage }) {
  const { lane } = page;
  const place = [lane.city, lane.country && formatCountry(lane.country)].filter(Boolean).join(", ");
  const own: Fact[] = [
    ...(lane.network ? [{ group: "Where", name: "Network", value: formatNetwork(lane.network) }] : []),
    ...(place ? [{ group: "Where", name: "Place", value: place }] : []),
  ];
  const facts = [...own, ...page.facts];
  const groups = [...new Set(facts.map((fact) => fact.group))];
  return (
    <>
      {groups.map((group) => (
        <section key={group}>
          <h2>{group}</h2>
          <dl>
            {facts
              .filter((fact) => fact.group === group)
              .map((fact, index) => (
                <div key={index}>
                  <dt>{fact.name}</dt>
                  <dd>{fact.value}</dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
    </>
  );
}

function Changes({ changes }: { changes: DeviceChange[] }) {
  if (!changes.length) return null;
  return (
    <section>
      <h2>Device changes</h2>
      <ul>
        {changes.map((change, index) => (
          <li key={index}>
            <Timestamp at={change.at} as="exact" /> {capitalise(change.kind)}
            {change.added.length > 0 && `: added ${change.added.join(", ")}`}
            {change.removed.length > 0 && `: removed ${change.removed.join(", ")}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Events({ page }: { page: ParticipantPage }) {
  if (!page.events.length) return null;
  return (
    <section>
      <h2>Events</h2>
      <ol class="peer-events" tabIndex={0} aria-label="Events">
        {page.events.map((event, index) => (
          <li key={index}>
            <button type="button" class="quiet" title="Show this moment" onClick={() => pin(event.at)}>
              <Timestamp at={event.at} as="exact" />
            </button>{" "}
            {formatEvent(event.name)} <span class="faint">{formatData(event.data)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
