from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.overview.people_facts import join_stays
from aftercall.core.overview.session_summary import PeerSummary


def _stay(session_id: str, joined_at: int, left_at: int | None, **members: Any) -> PeerSummary:
    end = None if left_at is None else EpochMs(left_at)
    unknown: dict[str, Any] = dict.fromkeys(
        ("mos_audio", "mos_video", "worst_issue", "browser", "os", "country", "network", "relay")
    )
    known: dict[str, Any] = {
        "session_id": session_id,
        "meeting_id": "room",
        "title": "Stand-up",
        "participant_id": f"{session_id}-{joined_at}",
        "joined_at": EpochMs(joined_at),
        "left_at": end,
        "minutes": 1.5,
        "level": 4,
        "is_bad": False,
        "is_measured": True,
    }
    return PeerSummary(**{**unknown, **known, **members})


def test_two_stays_in_a_session_are_one_call_as_good_as_the_worse() -> None:
    later = _stay("monday", 30, 40, level=4)
    other = _stay("tuesday", 90, 95)
    earlier = _stay("monday", 10, 20, level=1, is_bad=True)
    tuesday, monday = join_stays([other, later, earlier])
    assert tuesday == other
    assert (monday.joined_at, monday.left_at, monday.minutes) == (10, 40, 3.0)
    assert (monday.level, monday.is_bad, monday.participant_id) == (1, True, "monday-10")


def test_a_stay_that_was_not_judged_says_nothing_about_the_call() -> None:
    [call] = join_stays([_stay("monday", 30, None, level=0), _stay("monday", 10, 20, level=3)])
    assert (call.level, call.left_at) == (3, None)


def test_a_stay_alone_stays_as_it_is() -> None:
    calls = [_stay("a", 5, 6), _stay("b", 1, 2)]
    assert join_stays(calls) == calls
