from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import HOUR_MS, EpochMs
from aftercall.core.quality.experience.time_scale import MOST_BUCKETS, scale_of
from tests.core.quality.synthetic_call import CALL_START


@given(st.integers(1, 40 * 24 * HOUR_MS))
def test_a_scale_covers_its_duration_in_a_bounded_number_of_buckets(span_ms: int) -> None:
    scale = scale_of(CALL_START, EpochMs(CALL_START + span_ms))
    assert 1 <= scale.buckets <= MOST_BUCKETS
    assert scale.to_at >= CALL_START + span_ms > scale.to_at - scale.bucket_ms
