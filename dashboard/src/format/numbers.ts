/** Numbers with their units, short enough for a table; a dash for what is not known. */

export const UNKNOWN = "–";

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const upToOneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

export function formatCount(count: number): string {
  return whole.format(count);
}

/** `1 session`, `2 sessions`. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** What a client sent and the record does not contain; empty if there is nothing. */
export function formatLostData(lost: {
  refused_entries: number;
  unreadable_samples: number;
  dropped_entries: number;
}): string {
  const parts = [
    lost.refused_entries > 0 && `${formatPlural(lost.refused_entries, "entry", "entries")} refused`,
    lost.unreadable_samples > 0 && `${formatPlural(lost.unreadable_samples, "measurement")} unreadable`,
    lost.dropped_entries > 0 &&
      `${formatPlural(lost.dropped_entries, "entry", "entries")} dropped by the client`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** Minutes as they are counted: one digit below ten. */
export function formatMinutes(minutes: number): string {
  return minutes < 10 ? upToOneDigit.format(minutes) : whole.format(minutes);
}

export function formatMos(mos: number | null): string {
  return mos === null ? UNKNOWN : oneDigit.format(mos);
}

export function formatPercent(percent: number | null): string {
  if (percent === null) return UNKNOWN;
  return `${percent !== 0 && Math.abs(percent) < 10 ? upToOneDigit.format(percent) : whole.format(percent)} %`;
}

/** A share of a whole; `null` when there is no whole. */
export function shareOf(part: number, of: number): number | null {
  return of > 0 ? (100 * part) / of : null;
}

export function formatMilliseconds(value: number | null): string {
  return value === null ? UNKNOWN : `${value < 10 ? upToOneDigit.format(value) : whole.format(value)} ms`;
}

/** `32 kbit/s`, `1.2 Mbit/s`. */
export function formatBitrate(bps: number | null): string {
  if (bps === null) return UNKNOWN;
  if (bps < 1_000) return `${whole.format(bps)} bit/s`;
  if (bps < 1_000_000) return `${whole.format(bps / 1_000)} kbit/s`;
  return `${oneDigit.format(bps / 1_000_000)} Mbit/s`;
}

export function formatNumber(value: number | null): string {
  return value === null ? UNKNOWN : upToOneDigit.format(value);
}

/** `512 MB`, `34 KB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024 ** 2) return `${formatCount(Math.max(1, Math.round(bytes / 1024)))} KB`;
  const megabytes = bytes / 1024 ** 2;
  return `${megabytes < 10 ? megabytes.toFixed(1) : formatCount(Math.round(megabytes))} MB`;
}
