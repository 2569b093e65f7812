import { place } from "../../route";
import { callsAddress, filterNames } from "../sessions/filters";

/** The address of exactly the calls behind a number of this page, whose filters keep their names. */
export function callsBehind(filter: Record<string, string>, which: "bad" | "measured"): string {
  return callsAddress({ ...filter, ...filterNames(place.peek().query) }, which);
}
