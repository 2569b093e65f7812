import { now } from "../clock";
import { formatTime, formatTimeWithSeconds, formatDateTime, formatUtc } from "../format/time";

/** A time in the viewer's zone, with UTC on hover and for machines. */
export function Timestamp({ at, as = "moment" }: { at: number; as?: "moment" | "clock" | "exact" }) {
  const text =
    as === "clock" ? formatTime(at) : as === "exact" ? formatTimeWithSeconds(at) : formatDateTime(at, now.peek());
  return (
    <time dateTime={new Date(at).toISOString()} title={formatUtc(at)}>
      {text}
    </time>
  );
}
