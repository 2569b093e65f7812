import type { Level, SessionQuality } from "../api/types";
import type { Shares } from "../api/members";
import { letterOf, stackOf, formatLevel, formatShares, formatVerdict, formatFullVerdict } from "../format/quality";

/** A level as a coloured letter, with its word for screen readers. */
export function LevelMark({ level, text }: { level: Level; text?: string }) {
  return (
    <span class={`level level-${level}`} title={text ?? formatLevel(level)}>
      <span aria-hidden="true">{letterOf(level)}</span>
      <span class="unseen">{text ?? formatLevel(level)}</span>
    </span>
  );
}

/** A session's verdict: the worst level, and how many participants have it. */
export function Verdict({ quality, isInFull }: { quality: SessionQuality | null; isInFull?: boolean }) {
  const text = isInFull ? formatFullVerdict(quality) : formatVerdict(quality);
  return (
    <span class="verdict">
      <span class={`level level-${quality?.level ?? 0}`} aria-hidden="true">
        {letterOf(quality?.level ?? 0)}
      </span>
      {text}
      {quality && !quality.is_final && <span class="faint"> so far</span>}
    </span>
  );
}

/** The height of the line of good quality at the bottom, of 16; worse levels are stacked on it. */
const BASE = 2;
/** The firm edge at the top of a soft part, of 16. */
const CAP = 1.2;
/** The least height of a level that anybody has, so that 1 of 50 is visible. */
const LEAST_SHARE = 0.28;

/** A session's quality over time as a sparkline: in each bucket the share of participants at each level. */
export function Sparkline({ shares }: { shares: readonly Shares[] }) {
  const label = formatShares(shares);
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${shares.length || 1} 16`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {shares.map((counts, index) => {
        const isMeasured = counts.some((count) => count > 0);
        return (
          <g key={index}>
            <rect class={`fill-${isMeasured ? 4 : 0}`} x={index} width={1.02} y={16 - BASE} height={BASE} />
            {stackOf(counts, LEAST_SHARE).map(({ level, from, height }) => (
              <g key={level}>
                <rect
                  class={`fill-${level}`}
                  x={index}
                  width={1.02}
                  y={16 * (1 - from - height)}
                  height={16 * height}
                />
                <rect class={`cap-${level}`} x={index} width={1.02} y={16 * (1 - from - height)} height={CAP} />
              </g>
            ))}
          </g>
        );
      })}
    </svg>
  );
}

/** What the colours and heights mean. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Quality levels">
      {([4, 3, 2, 1] as const).map((level) => (
        <li key={level}>
          <span class={`level level-${level}`} aria-hidden="true">
            {letterOf(level)}
          </span>
          {formatLevel(level)}
        </li>
      ))}
    </ul>
  );
}
