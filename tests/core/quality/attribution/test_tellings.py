import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.attribution.tellings import (
    Group,
    group_of,
    length,
    listed,
    percent,
    when,
)
from aftercall.core.quality.attribution.traces import Span
from aftercall.core.quality.rules.issues import Issue, IssueName, StreamRef, single

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


def _spans(*seconds: tuple[float, float]) -> list[Span]:
    return [(EpochMs(NOON + int(a * 1_000)), EpochMs(NOON + int(b * 1_000))) for a, b in seconds]


def test_a_time_is_told_in_utc() -> None:
    assert when(_spans((0, 61))) == "from 12:00:00 to 12:01:01 UTC"
    assert when(_spans((0, 0.4))) == "at 12:00:00 UTC"


def test_a_few_times_are_listed_and_many_are_counted() -> None:
    few = _spans((0, 61), (100, 100), (200, 230))
    assert when(few) == ("from 12:00:00 to 12:01:01, at 12:01:40 and from 12:03:20 to 12:03:50 UTC")
    assert when([*few, *_spans((300, 330))]) == (
        "4 times between 12:00:00 and 12:05:30 UTC, 2 min 1 s in all"
    )


def test_a_list_ends_with_and() -> None:
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


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
    group = group_of([_issue(100, 110, 1), _issue(0, 20, 1), _issue(50, 60, 1)])
    assert group is not None
    assert group.spells == _spans((0, 60), (100, 110))
    assert group.span == _spans((0, 110))[0]


def test_of_nothing_there_is_no_group() -> None:
    assert group_of([]) is None


def test_what_befell_one_stream_is_not_typical_of_the_path() -> None:
    group = Group([_issue(0, 9, 6.0), _issue(0, 9, 100.0, ssrc=2), _issue(0, 9, 8.0, ssrc=3)])
    assert group.worst("loss_percent") == 100.0
    assert group.typical("loss_percent") == 8.0
    assert group.typical("rtt_ms") is None
