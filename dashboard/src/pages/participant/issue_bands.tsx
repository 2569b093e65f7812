import type { Stream, TimelineIssue } from "../../api/types";
import type { Severity } from "../../api/members";
import { formatBitrate, formatMilliseconds, formatPercent, formatNumber } from "../../format/numbers";
import { capitalise, formatIssue } from "../../format/labels";
import { formatTimeWithSeconds } from "../../format/time";
import { pin } from "../session/time_cursor";
import { shareAt, type Scale } from "../session/time_scale";

interface Band {
  from: number;
  to: number;
  severity: Severity;
  isFromElsewhere: boolean;
  title: string;
}

interface Row {
  name: string;
  bands: Band[];
}

/** The times of the issues of a stream that are more than notes. */
export function shadedBy(issues: readonly TimelineIssue[]): [number, number][] {
  return issues
    .filter((issue) => issue.severity !== "information")
    .map((issue) => [issue.first_at, issue.last_at]);
}

/** The issues over time: one row for each, its times as bands aligned with the charts. */
export function Bands(props: { issues: TimelineIssue[]; stream: Stream | null; scale: Scale }) {
  const rows = [...issueRows(props.issues), ...limitationRows(props.stream)];
  if (!rows.length) return <p class="faint bands-none">No issue was found in this stream.</p>;
  return (
    <ul class="bands peer-bands" aria-label="Issues">
      {rows.map((row) => (
        <li key={row.name}>
          <p class="band-name">{row.name}</p>
          <div class="band-track">
            {row.bands.map((band, index) => (
              <BandMark key={index} band={band} scale={props.scale} />
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

function BandMark({ band, scale }: { band: Band; scale: Scale }) {
  const from = Math.max(0, shareAt(scale, band.from));
  const to = Math.min(1, shareAt(scale, band.to));
  if (to <= 0 || from >= 1) return null;
  return (
    <button
      type="button"
      class={`band ${band.severity}${band.isFromElsewhere ? " elsewhere" : ""}`}
      style={{ left: `${100 * from}%`, width: `${100 * (to - from)}%` }}
      title={band.title}
      aria-label={band.title}
      onClick={() => pin(band.from)}
    />
  );
}

function issueRows(issues: TimelineIssue[]): Row[] {
  const rows = new Map<string, Row>();
  for (const issue of issues) {
    const row = rows.get(issue.name) ?? { name: formatIssue(issue.name), bands: [] };
    row.bands.push({
      from: issue.first_at,
      to: issue.last_at,
      severity: issue.severity,
      isFromElsewhere: issue.origin === "remote",
      title: formatBand(issue),
    });
    rows.set(issue.name, row);
  }
  return [...rows.values()];
}

function formatBand(issue: TimelineIssue): string {
  const when = issue.is_open
    ? `since ${formatTimeWithSeconds(issue.first_at)}`
    : `${formatTimeWithSeconds(issue.first_at)} to ${formatTimeWithSeconds(issue.last_at)}`;
  const worst = Object.entries(issue.worst).map(([name, value]) => formatWorst(name, value));
  const origin = issue.origin === "remote" ? ["already there when it was sent"] : [];
  return [`${formatIssue(issue.name)}, ${when}`, ...worst, ...origin].join("; ");
}

/** `loss_percent` 12 → `loss 12 %`. */
function formatWorst(name: string, value: number): string {
  const words = name.replace(/_(percent|ms|bps|share)$/, "").replaceAll("_", " ");
  if (name.endsWith("_percent")) return `${words} ${formatPercent(value)}`;
  if (name.endsWith("_ms")) return `${words} ${formatMilliseconds(value)}`;
  if (name.endsWith("_bps")) return `${words} ${formatBitrate(value)}`;
  return `${words} ${formatNumber(value)}`;
}

/** The encoder's quality limitation, as runs of equal reasons. */
function limitationRows(stream: Stream | null): Row[] {
  const rows = new Map<string, Row>();
  stream?.limitation.forEach((reason, index) => {
    if (!reason || reason === "none") return;
    const from = stream.t[index] ?? 0;
    const to = stream.t[index + 1] ?? from;
    const row = rows.get(reason) ?? { name: `Encoder limited: ${formatReason(reason)}`, bands: [] };
    const last = row.bands.at(-1);
    if (last && last.to === from) last.to = to;
    else row.bands.push({ from, to, severity: "warning", isFromElsewhere: false, title: "" });
    rows.set(reason, row);
  });
  for (const row of rows.values()) {
    for (const band of row.bands) {
      band.title = `${row.name}, ${formatTimeWithSeconds(band.from)} to ${formatTimeWithSeconds(band.to)}`;
    }
  }
  return [...rows.values()];
}

function formatReason(reason: string): string {
  return reason === "cpu" ? "CPU" : capitalise(reason).toLowerCase();
}
