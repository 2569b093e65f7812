"""Video that shrank at Ada, among four participants."""

from collections.abc import Sequence

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import FrameSizeSpan
from aftercall.core.quality.attribution.narrow_downlinks import (
    LAYER_LEVELS,
    LEAST_MS,
    narrow_downlinks,
)
from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import BAD, CALL, comparison_of, received, span

LARGE = 18


def _sizes(small: Sequence[Span], levels: int = LAYER_LEVELS) -> list[FrameSizeSpan]:
    """A video that is large except during these spans, in which it is smaller by so many levels."""
    found, at = [], CALL[0]
    for start, end in small:
        found += [FrameSizeSpan(at, start, LARGE)] if at < start else []
        found.append(FrameSizeSpan(start, end, LARGE - levels))
        at = end
    return [*found, FrameSizeSpan(at, CALL[1], LARGE)]


def _narrow(
    shrunk: str, small: Span = BAD, levels: int = LAYER_LEVELS, people: str = "abcd"
) -> dict[str, list[Span]]:
    """The spans found if the video of these pairs shrank; `ab` is what Ada received from Bob."""
    pairs = shrunk.split()
    comparison = comparison_of(
        people,
        members={
            received(one, other, Family.VIDEO_CONSUMER): {
                "sizes": _sizes([small] if one + other in pairs else [], levels)
            }
            for one in people
            for other in people.replace(one, "")
        },
    )
    found = narrow_downlinks(comparison)
    for listener, issues in found.items():
        for issue in issues:
            assert (issue.name, issue.origin) == (IssueName.NARROW_DOWNLINK, "local")
            assert issue.stream.peer_id == listener
    return {
        listener: [(issue.first_at, issue.last_at) for issue in issues]
        for listener, issues in found.items()
    }


def test_a_downlink_is_narrow_if_every_video_of_one_listener_shrinks() -> None:
    assert _narrow("ab ac ad") == {"a": [BAD]}
    assert _narrow("ab ac ad ba") == {"a": [BAD]}


@pytest.mark.parametrize(
    "shrunk",
    ["", "ab", "ab ac", "ba ca da", "ab ac ad ba bc bd"],
    ids=["nothing", "one sender", "not all", "a sender to all", "two listeners"],
)
def test_a_downlink_is_not_narrow_if_video_shrinks_otherwise(shrunk: str) -> None:
    assert _narrow(shrunk) == {}


def test_a_listener_of_one_sender_has_no_narrow_downlink() -> None:
    assert _narrow("ab", people="ab") == {}


@pytest.mark.parametrize("levels", [1, LAYER_LEVELS, LAYER_LEVELS + 2])
def test_a_video_has_shrunk_if_it_lost_at_least_one_layer(levels: int) -> None:
    assert _narrow("ab ac ad", levels=levels) == ({} if levels < LAYER_LEVELS else {"a": [BAD]})


@pytest.mark.parametrize("length_ms", [LEAST_MS - 1, LEAST_MS])
def test_a_downlink_is_narrow_only_after_a_minimum_time(length_ms: int) -> None:
    small = span(100_000, 100_000 + length_ms)
    assert _narrow("ab ac ad", small) == ({} if length_ms < LEAST_MS else {"a": [small]})


def test_video_that_was_never_large_at_the_listener_has_not_shrunk() -> None:
    assert _narrow("ab ac ad", (EpochMs(0), EpochMs(200_000))) == {}
    assert _narrow("ab ac ad", CALL) == {}


def test_video_that_is_small_for_every_listener_shows_no_narrow_downlink() -> None:
    """Only Ada had received the others' video large."""
    comparison = comparison_of(
        "abcd",
        members={
            received(one, other, Family.VIDEO_CONSUMER): {
                "sizes": _sizes([BAD if one == "a" else CALL])[: 3 if one == "a" else 1]
            }
            for one in "abcd"
            for other in "abcd".replace(one, "")
        },
    )
    assert narrow_downlinks(comparison) == {}


def test_a_call_without_video_has_no_narrow_downlink() -> None:
    assert narrow_downlinks(comparison_of("abc")) == {}
