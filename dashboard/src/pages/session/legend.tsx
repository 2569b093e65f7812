import type { JSX } from "preact";

const KEYS: readonly { label: string; drawn: JSX.Element }[] = [
  { label: "Good", drawn: <rect class="fill-4" y="12" width="14" height="2" /> },
  {
    label: "Fair",
    drawn: (
      <>
        <rect class="fill-3" y="8" width="14" height="6" />
        <rect class="cap-3" y="8" width="14" height="1.5" />
      </>
    ),
  },
  {
    label: "Poor",
    drawn: (
      <>
        <rect class="fill-2" y="4" width="14" height="10" />
        <rect class="cap-2" y="4" width="14" height="1.5" />
      </>
    ),
  },
  { label: "Bad", drawn: <rect class="fill-1" width="14" height="14" /> },
];

const LINES: readonly { label: string; kind: string }[] = [
  { label: "One stream worse", kind: "worst" },
  { label: "Muted", kind: "muted" },
  { label: "Camera off", kind: "camera" },
  { label: "Screen", kind: "screen" },
  { label: "Not measured", kind: "gap" },
];

/** What the colours, heights and lines of the lanes mean. */
export function Legend() {
  return (
    <ul class="lane-key" aria-label="Key">
      {KEYS.map(({ label, drawn }) => (
        <li key={label}>
          <svg viewBox="0 0 14 14" aria-hidden="true">
            <rect class="stay" width="14" height="14" />
            {drawn}
          </svg>
          {label}
        </li>
      ))}
      {LINES.map(({ label, kind }) => (
        <li key={label}>
          <span class={`key-line key-${kind}`} aria-hidden="true" />
          {label}
        </li>
      ))}
      <li>Figures: opinion score (MOS, 1 to 5) of the worst tenth of the time, or at the moment</li>
    </ul>
  );
}
