"""The candidate pair that a connection uses, and which of its figures were measured."""

from collections.abc import Mapping, Sequence

from aftercall.core.quality.stats.getstats import Stats


def busier(one: Stats | None, other: Stats) -> Stats:
    """The transport that received more, of two transports of a connection that does not bundle."""
    if one is None or (other.bytes_received or 0) > (one.bytes_received or 0):
        return other
    return one


def leave_out_unmeasured(pair: Stats) -> None:
    """Clear a round trip of 0 that was never measured. Browsers report 0 until the first
    measurement, and some never measure; a measured round trip adds to the total."""
    if pair.current_round_trip_time == 0 and not pair.total_round_trip_time:
        pair.current_round_trip_time = pair.total_round_trip_time = None


def selected(
    pairs: Sequence[Stats], transport: Stats | None, by_id: Mapping[str, Stats]
) -> Stats | None:
    """The selected candidate pair, or `None`. W3C names it in the transport, Firefox marks it
    `selected`; in a report without either, it is the most recently used of the nominated pairs."""
    if transport is not None and transport.selected_candidate_pair_id is not None:
        pair = by_id.get(transport.selected_candidate_pair_id)
        if pair is not None:
            return pair
    candidates = [each for each in pairs if each.selected] or [
        each for each in pairs if each.nominated and each.state in (None, "succeeded")
    ]
    return max(candidates, key=_last_use, default=None)


def _last_use(pair: Stats) -> tuple[float, int]:
    return (
        pair.last_packet_received_timestamp or 0.0,
        (pair.bytes_received or 0) + (pair.bytes_sent or 0),
    )
