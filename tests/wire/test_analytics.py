import pytest

from aftercall.core.egresses import EgressDay
from aftercall.core.errors import Malformed
from aftercall.core.instants import DAY_MS
from aftercall.core.overview.day_facts import DayCount
from aftercall.wire.analytics import encode_daywise, read_days

TWENTIETH = 20_777
"""2026-11-20, in days since 1970."""


def test_days_are_summed() -> None:
    days = [DayCount(TWENTIETH, 2, 1.5), DayCount(TWENTIETH + 1, 0, 0.0)]
    recorded = [EgressDay(TWENTIETH + 1, egresses=2, length_ms=150_000, viewer_ms=None)]
    body = encode_daywise(days, recorded)
    assert (body.session_stats.sessions_count, body.session_stats.sessions_minutes_consumed) == (
        2,
        1.5,
    )
    assert [day.total_sessions for day in body.session_stats.day_stats] == [2, 0]
    stats = body.recording_stats
    assert (stats.recording_count, stats.recording_minutes_consumed) == (2, 2.5)
    assert [day.total_recordings for day in stats.day_stats] == [0, 2]
    assert [day.day for day in body.recording_stats.day_stats] == ["2026-11-20", "2026-11-21"]


def test_the_last_day_is_included_entirely() -> None:
    first, last = read_days({"start_date": ["2026-11-20"], "end_date": ["2026-11-21"]})
    assert first is not None
    assert last is not None
    assert last - first == 2 * DAY_MS - 1
    assert read_days({"start_date": [""]}) == (None, None)


def test_an_invalid_day_is_refused_by_name() -> None:
    with pytest.raises(Malformed) as refused:
        read_days({"end_date": ["2026-02-30"]})
    assert refused.value.field == "end_date"
