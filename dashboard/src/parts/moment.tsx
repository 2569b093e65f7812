import { now } from "../clock";
import { tellClock, tellExactClock, tellMoment, tellUtc } from "../words/moments";

/** A moment in the viewer's zone, with UTC on hover and for machines. */
export function Moment({ at, as = "moment" }: { at: number; as?: "moment" | "clock" | "exact" }) {
  const text =
    as === "clock" ? tellClock(at) : as === "exact" ? tellExactClock(at) : tellMoment(at, now.peek());
  return (
    <time dateTime={new Date(at).toISOString()} title={tellUtc(at)}>
      {text}
    </time>
  );
}
