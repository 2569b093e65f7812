import type { Level } from "../api/shapes";
import { BAR_HEIGHT, letterOf, runsOf, tellLevel, tellStrip } from "../words/quality";

/** A level as a coloured letter; its word is there for those who hear the page. */
export function LevelMark({ level, text }: { level: Level; text?: string }) {
  return (
    <span class={`level level-${level}`} title={text ?? tellLevel(level)}>
      <span aria-hidden="true">{letterOf(level)}</span>
      <span class="unseen">{text ?? tellLevel(level)}</span>
    </span>
  );
}

/** Quality over time in little: colour and height both tell the level. */
export function Strip({ levels }: { levels: readonly Level[] }) {
  const width = levels.length || 1;
  const told = tellStrip(levels);
  return (
    <svg class="strip" viewBox={`0 0 ${width} 10`} preserveAspectRatio="none" role="img" aria-label={told}>
      <title>{told}</title>
      {runsOf(levels).map((run) => (
        <rect
          key={run.from}
          class={`fill-${run.level}`}
          x={run.from}
          width={run.count}
          y={10 - 10 * BAR_HEIGHT[run.level]}
          height={10 * BAR_HEIGHT[run.level]}
        />
      ))}
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
          {tellLevel(level)}
        </li>
      ))}
    </ul>
  );
}
