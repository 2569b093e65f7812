/** Scales of values that begin at 0, with ends and middles that are short numbers. */

const ENDS = [1, 2, 4, 6, 8, 10];

/** Where a scale ends that shows values up to the greatest. */
export function endOfScale(greatest: number | null): number {
  if (greatest === null || greatest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(greatest));
  const end = (ENDS.find((each) => each * power >= greatest) ?? 10) * power;
  return Number(end.toPrecision(1));
}

/** A value at an axis, short: `1.5k`, `2M`, `0.05`. */
export function formatAxis(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${short(value / 1e6)}M`;
  return size >= 1e3 ? `${short(value / 1e3)}k` : String(short(value));
}

function short(value: number): number {
  return Math.abs(value) >= 10 ? Math.round(value) : Number(value.toPrecision(2));
}
