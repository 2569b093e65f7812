import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.tellings import Group, groups_of, length, percent, when

NOON = 1_795_262_400_000


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s"),
        (8_600, "9 s"),
        (60_000, "1 min"),
        (210_000, "3 min 30 s"),
        (3_900_000, "1 h 5 min"),
    ],
)
def test_a_length_is_told_in_two_units_at_most(ms: int, words: str) -> None:
    assert length(ms) == words


def test_a_time_is_told_in_utc() -> None:
    assert when(EpochMs(NOON), EpochMs(NOON + 61_000)) == "from 12:00:00 to 12:01:01 UTC"
    assert when(EpochMs(NOON), EpochMs(NOON + 400)) == "at 12:00:00 UTC"


def test_a_percentage_has_decimals_only_when_small() -> None:
    assert [percent(value) for value in (0.44, 9.96, 12.4, 100)] == [
        "0.4 %",
        "10.0 %",
        "12 %",
        "100 %",
    ]


def _issue(start_s: int, end_s: int, loss: float, ssrc: int = 1) -> Issue:
    ref = StreamRef(peer_id="ada", ssrc=ssrc)
    start, end = EpochMs(NOON + start_s * 1_000), EpochMs(NOON + end_s * 1_000)
    return single(IssueName.POOR_NETWORK_DOWNLINK, ref, start, end, {"loss_percent": loss})


def test_stretches_half_a_minute_apart_are_told_as_one() -> None:
    spans = [g.span for g in groups_of([_issue(100, 110, 1), _issue(0, 20, 1), _issue(50, 60, 1)])]
    assert [(start - NOON, end - NOON) for start, end in spans] == [(0, 60_000), (100_000, 110_000)]


def test_what_befell_one_stream_is_not_typical_of_the_path() -> None:
    group = Group([_issue(0, 9, 6.0), _issue(0, 9, 100.0, ssrc=2), _issue(0, 9, 8.0, ssrc=3)])
    assert group.worst("loss_percent") == 100.0
    assert group.typical("loss_percent") == 8.0
    assert group.typical("rtt_ms") is None
