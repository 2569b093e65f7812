import type { JSX } from "preact";

const SHAPES = {
  search: (
    <>
      <circle cx="7" cy="7" r="4.25" />
      <path d="m10.2 10.2 3.3 3.3" />
    </>
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 5v3.2l2 1.3" />
    </>
  ),
  half: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.5a5.5 5.5 0 0 0 0 11z" fill="currentColor" />
    </>
  ),
  person: (
    <>
      <circle cx="8" cy="5.3" r="2.5" />
      <path d="M3.5 13.5a4.5 4.5 0 0 1 9 0" />
    </>
  ),
  list: <path d="M2.5 4h11M2.5 8h11M2.5 12h7" />,
  people: (
    <>
      <circle cx="6" cy="5.5" r="2.3" />
      <path d="M2 13a4 4 0 0 1 8 0M10.5 3.5a2.2 2.2 0 0 1 0 4M11.8 9.5A4 4 0 0 1 14 13" />
    </>
  ),
  chart: <path d="M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6" />,
  settings: (
    <>
      <path d="M2.5 4.5h6M12 4.5h1.5M2.5 11.5H4M7.5 11.5h6" />
      <circle cx="10.2" cy="4.5" r="1.7" />
      <circle cx="5.7" cy="11.5" r="1.7" />
    </>
  ),
  link: (
    <path d="M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2.2-2.2a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.3 6.7a2.6 2.6 0 0 0-3.7 0L3.4 8.9a2.6 2.6 0 0 0 3.7 3.7l.8-.8" />
  ),
  cross: <path d="m4 4 8 8M12 4l-8 8" />,
  filter: <path d="M2.5 4.5h11M4.5 8h7M6.5 11.5h3" />,
  calendar: (
    <>
      <rect x="2.5" y="3.5" width="11" height="10" rx="1.5" />
      <path d="M2.5 6.5h11M5.5 2v2.5M10.5 2v2.5" />
    </>
  ),
  columns: (
    <>
      <rect x="2.5" y="3" width="11" height="10" rx="1.5" />
      <path d="M6.2 3v10M9.8 3v10" />
    </>
  ),
  download: <path d="M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M3 13.5h10" />,
  print: (
    <>
      <path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2" />
      <rect x="4.5" y="9.5" width="7" height="4" />
    </>
  ),
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.2" />,
  open: <path d="m6 4 4 4-4 4" />,
  up: <path d="M8 11V3M5 6l3-3 3 3M3 13.5h10" />,
  down: <path d="M8 3v8M5 8l3 3 3-3M3 13.5h10" />,
  processor: (
    <>
      <rect x="4" y="4" width="8" height="8" rx="1.5" />
      <path d="M6.5 1.8V4M9.5 1.8V4M6.5 12v2.2M9.5 12v2.2M1.8 6.5H4M1.8 9.5H4M12 6.5h2.2M12 9.5h2.2" />
    </>
  ),
  relay: (
    <>
      <circle cx="3.5" cy="12" r="1.5" />
      <circle cx="12.5" cy="12" r="1.5" />
      <circle cx="8" cy="4" r="1.5" />
      <path d="m4.3 10.6 2.9-5.2M8.8 5.4l2.9 5.2" />
    </>
  ),
  server: (
    <>
      <rect x="2.5" y="3" width="11" height="4" rx="1" />
      <rect x="2.5" y="9" width="11" height="4" rx="1" />
      <path d="M5 5h.01M5 11h.01" />
    </>
  ),
  microphone: (
    <>
      <rect x="6" y="2" width="4" height="7.5" rx="2" />
      <path d="M3.5 8a4.5 4.5 0 0 0 9 0M8 12.5V14" />
    </>
  ),
  silent: (
    <path d="M6 6v1.5a2 2 0 0 0 3.2 1.6M10 7V4a2 2 0 0 0-3.8-.9M3.5 8a4.5 4.5 0 0 0 7.3 3.5M12.5 8c0 .6-.1 1.1-.3 1.6M8 12.5V14M2.5 2.5l11 11" />
  ),
  camera: (
    <>
      <rect x="2" y="4.5" width="8.5" height="7" rx="1.5" />
      <path d="m10.5 7.2 3.5-2v5.6l-3.5-2" />
    </>
  ),
  again: (
    <>
      <path d="M13 4v3h-3M3 12V9h3" />
      <path d="M12.6 7A5 5 0 0 0 4 5.3M3.4 9a5 5 0 0 0 8.6 1.7" />
    </>
  ),
  info: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 7.5V11M8 5.2v.01" />
    </>
  ),
  alert: <path d="M8 2.8 14 13H2zM8 6.5v3M8 11.3v.2" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  play: <path d="M5 3.5v9l7-4.5z" />,
  grid: (
    <>
      <rect x="2.5" y="2.5" width="4.5" height="4.5" rx="1" />
      <rect x="9" y="2.5" width="4.5" height="4.5" rx="1" />
      <rect x="2.5" y="9" width="4.5" height="4.5" rx="1" />
      <rect x="9" y="9" width="4.5" height="4.5" rx="1" />
    </>
  ),
  key: (
    <>
      <circle cx="5" cy="8" r="2.5" />
      <path d="M7.5 8H14v2.5M11.5 8v2" />
    </>
  ),
  shield: <path d="M8 2 3 4v4c0 3 2.2 5 5 6 2.8-1 5-3 5-6V4z" />,
} satisfies Record<string, JSX.Element>;

export type IconName = keyof typeof SHAPES;

/** A line drawing beside a word, or in a button that has a label. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}
