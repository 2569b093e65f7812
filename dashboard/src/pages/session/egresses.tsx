import type { SessionEgress, SessionPage } from "../../api/types";
import { Timestamp } from "../../components/timestamp";
import { formatBytes, formatPlural } from "../../format/numbers";
import { formatDuration } from "../../format/time";

const KINDS: Record<SessionEgress["kind"], string> = { recording: "Recording", livestream: "Livestream" };

const STATES: Record<SessionEgress["status"], string> = {
  invoked: "Asked for",
  active: "Going on",
  paused: "Paused",
  ending: "Being written",
  complete: "Complete",
  failed: "Failed",
};

/** The recordings and livestreams that sources reported of a session. */
export function Egresses({ page }: { page: SessionPage }) {
  return (
    <section class="egresses" aria-labelledby="egresses-title">
      <h2 id="egresses-title">{formatPlural(page.egresses.length, "recording or livestream", "recordings and livestreams")}</h2>
      <ul>
        {page.egresses.map((egress) => (
          <Row key={`${egress.kind} ${egress.id}`} egress={egress} now={page.call.ended_at === null ? page.now : null} />
        ))}
      </ul>
    </section>
  );
}

/** `now` is null once the session is over: what nobody reported the end of does not go on for ever. */
function Row({ egress, now }: { egress: SessionEgress; now: number | null }) {
  const hasNoEnd = egress.status === "active" || egress.status === "paused";
  const isOn = hasNoEnd && now !== null;
  const length = egress.duration_ms ?? (isOn && egress.started_at !== null ? Math.max(0, now - egress.started_at) : null);
  return (
    <li>
      <b>{KINDS[egress.kind]}</b>
      <span>{hasNoEnd && !isOn ? "No end reported" : STATES[egress.status]}</span>
      <Timestamp at={egress.started_at ?? egress.invoked_at} as="exact" />
      <span>
        {length === null ? "" : formatDuration(length)}
        {isOn && length !== null && " so far"}
      </span>
      <span class="egress-place">
        <Place egress={egress} />
        {egress.size_bytes !== null && <span class="faint"> {formatBytes(egress.size_bytes)}</span>}
        {egress.error && <bdi class="is-loss"> {egress.error}</bdi>}
      </span>
    </li>
  );
}

/** Where the file is, or where the livestream plays, as far as the source stated it. */
function Place({ egress }: { egress: SessionEgress }) {
  const shown = egress.name ?? egress.url;
  if (egress.url === null) return shown === null ? null : <bdi>{shown}</bdi>;
  return (
    <a href={egress.url} target="_blank" rel="noopener noreferrer">
      <bdi>{shown}</bdi>
    </a>
  );
}
