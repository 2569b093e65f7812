"""Buckets of about as many minutes."""

from hypothesis import example, given
from hypothesis import strategies as st

from aftercall.store.sessions.minute_counts import LIMITS, bucket_of, limits_of


@given(st.floats(0, 1e12))
@example(0.0)
@example(LIMITS[0])
@example(LIMITS[-1])
def test_a_number_of_minutes_is_within_the_limits_of_its_bucket(minutes: float) -> None:
    least, limit = limits_of(bucket_of(minutes))
    assert least is None or least <= minutes
    assert limit is None or minutes < limit


def test_buckets_follow_each_other_without_a_gap() -> None:
    found = [limits_of(bucket) for bucket in range(len(LIMITS) + 1)]
    assert [least for least, _ in found[1:]] == [limit for _, limit in found[:-1]] == LIMITS
    assert found[0][0] is None and found[-1][1] is None
