"""Silence counts only over time in which the server could receive."""

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.downtime import REMEMBERED_MS, Downtime

T0 = 1_795_000_000_000


def at(seconds: float) -> EpochMs:
    return EpochMs(T0 + round(seconds * 1_000))


def hearing(*deaf: tuple[float, float], since: float = 0) -> Downtime:
    made = Downtime(listening_since=at(since))
    for start, end in deaf:
        made = made.with_span(at(start), at(end))
    return made


def test_a_peer_is_silent_since_its_last_heartbeat() -> None:
    assert hearing().silent_ms(at(10), at(50)) == 40_000


def test_silence_before_the_process_start_does_not_count() -> None:
    assert hearing(since=30).silent_ms(at(10), at(50)) == 20_000


def test_downtime_does_not_count_as_silence() -> None:
    assert hearing((12, 112)).silent_ms(at(10), at(120)) == 10_000
    assert hearing((12, 20), (15, 40), (60, 70)).silent_ms(at(10), at(100)) == 52_000


def test_a_heartbeat_from_the_future_is_ignored() -> None:
    assert hearing(since=30).silent_ms(at(3_600), at(50)) == 20_000


def test_a_heartbeat_slightly_ahead_of_our_clock_counts() -> None:
    assert hearing().silent_ms(at(51), at(50)) == 0


def test_a_deadline_is_postponed_by_the_downtime_since_it_started() -> None:
    deaf = hearing((5, 10), (50, 70))
    assert deaf.postponed(at(100), since=at(20), now=at(60)) == at(110)
    assert deaf.postponed(at(100), since=at(80), now=at(90)) == at(100)


def test_old_downtime_spans_are_forgotten() -> None:
    last = REMEMBERED_MS / 1_000 + 100
    assert hearing((1, 2), (last, last + 1)).down_spans == ((at(last), at(last + 1)),)


spans = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 100)).map(lambda s: (s[0], s[0] + s[1])),
    max_size=8,
)


@given(spans, st.integers(0, 600), st.integers(0, 600))
def test_silence_never_exceeds_elapsed_time_and_downtime_spans_are_disjoint(
    deaf: list[tuple[int, int]], last: int, now: int
) -> None:
    made = hearing(*deaf)
    assert 0 <= made.silent_ms(at(last), at(now)) <= max(now - last, now) * 1_000
    assert list(made.down_spans) == sorted(made.down_spans)
    assert all(
        one[1] < other[0] for one, other in zip(made.down_spans, made.down_spans[1:], strict=False)
    )
    covered = {second for start, end in deaf for second in range(start, end)}
    assert made.down_ms(at(0), at(700)) == len(covered) * 1_000


def test_time_since_the_last_clock_check_does_not_count_as_silence() -> None:
    looked = Downtime(listening_since=at(0), known_until=at(50))
    assert looked.as_of(at(50)).silent_ms(at(10), at(50)) == 40_000
    assert looked.as_of(at(3_650)).silent_ms(at(10), at(3_650)) == 40_000
    assert looked.as_of(at(3_650)).postponed(at(70), since=at(10), now=at(3_650)) == at(3_670)


def test_a_clock_behind_the_last_check_gives_no_silence() -> None:
    looked = Downtime(listening_since=at(-90_000), known_until=at(3_600))
    assert looked.as_of(at(10)).silent_ms(at(3_600), at(10)) == 0
    assert looked.as_of(at(3_599)).silent_ms(at(3_500), at(3_599)) == 99_000


@given(st.integers(0, 10_000), st.integers(-10_000, 10_000), st.integers(-10_000, 10_000))
def test_no_peer_becomes_silent_by_a_clock_change_between_two_checks(
    looked_s: int, received_s: int, now_s: int
) -> None:
    looked = Downtime(listening_since=at(0), known_until=at(looked_s))
    silent_ms = looked.as_of(at(now_s)).silent_ms(at(received_s), at(now_s))
    assert silent_ms <= max(0, looked_s - max(0, received_s)) * 1_000 or received_s > now_s
