from typing import Any

import pytest

from aftercall.core.quality.stats.candidate_pairs import busier, leave_out_unmeasured, selected
from aftercall.core.quality.stats.getstats import Stats


def _pair(id: str, **members: Any) -> Stats:
    return Stats(type="candidate-pair", id=id, **members)


def _transport(id: str = "T", **members: Any) -> Stats:
    return Stats(type="transport", id=id, **members)


def _selected(transport: Stats | None, *pairs: Stats) -> str | None:
    found = selected(pairs, transport, {pair.id: pair for pair in pairs})
    return None if found is None else found.id


def test_the_pair_that_the_transport_names_is_selected() -> None:
    pairs = (_pair("1", nominated=True, bytes_received=900), _pair("2"))
    assert _selected(_transport(selected_candidate_pair_id="2"), *pairs) == "2"


@pytest.mark.parametrize(
    "transport", [None, _transport(), _transport(selected_candidate_pair_id="gone")]
)
def test_without_a_known_pair_of_the_transport_the_pairs_decide(
    transport: Stats | None,
) -> None:
    pairs = (_pair("1", nominated=True, bytes_received=900), _pair("2", selected=True))
    assert _selected(transport, *pairs) == "2"


def test_a_nominated_pair_is_selected_unless_it_failed() -> None:
    pairs = (
        _pair("1", nominated=True, state="failed", bytes_received=900),
        _pair("2", nominated=True, state="succeeded", bytes_received=5),
        _pair("3", state="succeeded", bytes_received=900),
    )
    assert _selected(None, *pairs) == "2"
    assert _selected(None, _pair("1", nominated=True)) == "1"
    assert _selected(None, _pair("1")) is None


def test_the_last_used_of_several_nominated_pairs_is_selected() -> None:
    early = _pair("1", nominated=True, last_packet_received_timestamp=1.0, bytes_received=900)
    late = _pair("2", nominated=True, last_packet_received_timestamp=2.0, bytes_received=5)
    assert _selected(None, early, late) == _selected(None, late, early) == "2"
    received, sent = (
        _pair("1", nominated=True, bytes_received=9),
        _pair("2", nominated=True, bytes_received=4, bytes_sent=6),
    )
    assert _selected(None, received, sent) == "2"


def test_the_busier_transport_is_the_one_that_received_more() -> None:
    first, more = _transport("1", bytes_received=5), _transport("2", bytes_received=6)
    assert busier(None, first) is first
    assert busier(first, more) is busier(more, first) is more
    assert busier(first, _transport("3", bytes_received=5)) is first
    assert busier(first, _transport("3")) is first


@pytest.mark.parametrize(
    ("current", "total", "kept"),
    [
        (0.0, None, (None, None)),
        (0.0, 0.0, (None, None)),
        (0.0, 0.2, (0.0, 0.2)),
        (0.05, None, (0.05, None)),
        (0.05, 0.0, (0.05, 0.0)),
        (None, 0.2, (None, 0.2)),
    ],
)
def test_an_rtt_of_zero_is_valid_only_if_one_was_measured(
    current: float | None, total: float | None, kept: tuple[float | None, float | None]
) -> None:
    pair = _pair("1", current_round_trip_time=current, total_round_trip_time=total)
    leave_out_unmeasured(pair)
    assert (pair.current_round_trip_time, pair.total_round_trip_time) == kept
