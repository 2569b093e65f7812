from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.service.lanes import LaneIssue
from aftercall.service.short_lanes import WITHIN_MS, merged


def _issue(first_at: int, last_at: int, stream: str | None, **more: Any) -> LaneIssue:
    values: dict[str, Any] = {
        "name": "poor_network_downlink",
        "severity": "warning",
        "is_open": False,
        "sample_count": 3,
        "worst": {"loss_percent": 8.0},
        "origin": None,
        "peer_id": "ada",
        "family": "audio_consumer",
    }
    return LaneIssue(
        first_at=EpochMs(first_at), last_at=EpochMs(last_at), stream=stream, **(values | more)
    )


def test_what_all_streams_had_at_a_time_is_told_once_however_many_they_are() -> None:
    issues = [_issue(10 * n, 60_000 + n, f"audio_consumer:{n}") for n in range(500)]
    issues.append(_issue(5, 61_000, "v", family="video_consumer", worst={"loss_percent": 12.0}))
    (found,) = merged(issues)
    assert (found.first_at, found.last_at, found.streams) == (0, 61_000, 501)
    assert (found.worst, found.stream, found.family) == ({"loss_percent": 12.0}, None, None)


def test_trouble_of_another_kind_or_time_stays_apart() -> None:
    issues = [
        _issue(0, 1_000, "a"),
        _issue(1_000 + WITHIN_MS + 1, 40_000, "a"),
        _issue(0, 1_000, "b", name="low_video_mos"),
        _issue(0, 1_000, "b", origin="remote"),
        _issue(0, 1_000, "b", severity="severe"),
    ]
    assert sorted(merged(issues), key=repr) == sorted(issues, key=repr)


def test_the_lowest_opinion_is_the_worst_one() -> None:
    issues = [_issue(0, 9, "a", worst={"mos": 2.0}), _issue(0, 9, "a", worst={"mos": 1.5})]
    (found,) = merged(issues)
    assert (found.worst, found.stream, found.streams) == ({"mos": 1.5}, "a", 1)
