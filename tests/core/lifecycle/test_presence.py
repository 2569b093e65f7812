"""Presence: rows, minutes and peaks from join and leave facts."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.events import ENDPOINT_PREFIX
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.presence import (
    continued_in,
    count,
    credited_minutes,
    participants_of,
    peak,
    root_of,
    running_minutes,
    shared_roots,
    stay_of,
)
from aftercall.core.records import LeaveReason, Peer

T0 = 1_795_000_000_000


def peer(id: str, start: int, end: int | None = None, **changes: object) -> Peer:
    """A peer that was there from `start` to `end`, in seconds after T0."""
    joined_at = EpochMs(T0 + start * 1000)
    left_at = None if end is None else EpochMs(T0 + end * 1000)
    made = Peer(
        app_id="app",
        session_id="session",
        meeting_id="meeting",
        id=id,
        participant_id=id,
        user_id=f"user of {id}",
        source="test",
        interval_ms=7_000,
        joined_at=joined_at,
        left_said_at=left_at,
        left_at=left_at,
        left_reason=None if left_at is None else LeaveReason.SAID,
        first_heard_at=joined_at,
        last_heard_at=left_at or joined_at,
        last_received_at=left_at or joined_at,
        created_at=joined_at,
        updated_at=left_at or joined_at,
    )
    return replace(made, **changes)


def by_id(*peers: Peer) -> dict[str, Peer]:
    return {each.id: each for each in peers}


def test_a_reported_leave_overrides_silence() -> None:
    stated = peer("a", 0, 60)
    stay = stay_of(stated, closed_at=None, silence_limit_ms=30_000, is_silent=True, has_ended=True)
    assert (stay.end, stay.reason) == (T0 + 60_000, LeaveReason.SAID)


def test_a_silent_peer_left_at_its_last_heartbeat() -> None:
    quiet = peer("a", 0, last_heard_at=EpochMs(T0 + 42_000))
    stay = stay_of(quiet, closed_at=None, silence_limit_ms=30_000, is_silent=True)
    assert (stay.end, stay.reason) == (T0 + 42_000, LeaveReason.SILENCE)


def test_the_close_of_a_session_ends_every_stay() -> None:
    late = peer("a", 0, 90)
    close = EpochMs(T0 + 30_000)
    stay = stay_of(late, closed_at=close, silence_limit_ms=30_000, has_ended=True)
    assert (stay.end, stay.reason) == (T0 + 30_000, LeaveReason.SESSION_ENDED)


def test_a_close_long_after_the_last_heartbeat_does_not_end_a_silent_stay() -> None:
    quiet = peer("a", 0, last_heard_at=EpochMs(T0 + 42_000))
    for after_ms, end_ms, reason in (
        (72_000, 72_000, LeaveReason.SESSION_ENDED),
        (72_001, 42_000, LeaveReason.SILENCE),
    ):
        stay = stay_of(quiet, closed_at=EpochMs(T0 + after_ms), silence_limit_ms=30_000)
        assert (stay.end, stay.reason) == (T0 + end_ms, reason)


def test_a_connection_continued_by_another_ended_at_its_last_heartbeat() -> None:
    first = peer("a", 0, user_id="ada", last_heard_at=EpochMs(T0 + 42_000))
    again = peer("b", 55, user_id="ada", previous_peer_id="a")
    assert continued_in(by_id(first, again)) == {"a"}
    assert continued_in(by_id(first, peer("e", 55, previous_peer_id="a"))) == set()
    stay = stay_of(first, closed_at=None, silence_limit_ms=30_000, is_continued=True)
    assert (stay.end, stay.reason) == (T0 + 42_000, LeaveReason.SILENCE)


def test_a_reconnect_continues_the_participant_and_a_rejoin_begins_another() -> None:
    first = peer("a", 0, 30, user_id="ada")
    again = peer("b", 35, 60, user_id="ada", previous_peer_id="a")
    rejoin = peer("c", 100, 160, user_id="ada")
    everyone = by_id(first, again, rejoin)
    settled = {
        id: replace(each, participant_id=root_of(each, everyone)) for id, each in everyone.items()
    }
    rows = participants_of(settled)
    assert set(rows) == {"a", "c"}
    assert rows["a"].joined_at == T0
    assert rows["a"].left_at == T0 + 60_000
    assert rows["a"].duration_minutes == round(55 / 60, 4)
    assert rows["c"].user_id == "ada"


def test_a_previous_peer_of_another_user_is_ignored() -> None:
    ada, eve = peer("a", 0, 30), peer("e", 35, 60, previous_peer_id="a")
    assert root_of(eve, by_id(ada, eve)) == "e"


def test_a_cycle_of_previous_peers_has_one_root() -> None:
    a = peer("a", 0, user_id="x", previous_peer_id="b")
    b = peer("b", 1, user_id="x", previous_peer_id="a")
    everyone = by_id(a, b)
    assert root_of(a, everyone) == root_of(b, everyone) == "a"


def test_hidden_peers_are_not_counted() -> None:
    everyone = by_id(peer("a", 0, 60), peer("recorder", 0, 600, is_hidden=True))
    counts = count(everyone, participants_of(everyone))
    assert counts.total_participants == 1
    assert counts.max_concurrent_participants == 1
    assert counts.minutes_consumed == 1.0


def test_minutes_are_credited_at_the_leave_of_a_peer() -> None:
    present = peer("a", 0)
    assert credited_minutes([present]) == 0.0
    assert running_minutes([present], EpochMs(T0 + 90_000)) == 1.5


def test_the_published_durations_are_reproduced_exactly() -> None:
    for ms, minutes in ((348_580, 5.8097), (415_579, 6.9263), (66_541, 1.109)):
        stayed = peer("a", 0, left_at=EpochMs(T0 + ms))
        assert credited_minutes([stayed]) == minutes


def test_a_leave_at_the_time_of_a_join_adds_no_concurrency() -> None:
    assert peak([(0, 10), (10, 20)]) == 1
    assert peak([(0, 10), (9, 20)]) == 2
    assert peak([(5, 5), (5, None)]) == 2
    assert peak([]) == 0


intervals = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda pair: (min(pair), max(pair)))
)


@given(intervals)
def test_the_time_of_overlapping_stays_counts_once(stays: list[tuple[int, int]]) -> None:
    covered = {second for start, end in stays for second in range(start, end)}
    peers = [peer(str(place), *stay) for place, stay in enumerate(stays)]
    assert credited_minutes(peers) == round(len(covered) / 60, 4)
    assert running_minutes(peers, EpochMs(T0)) == credited_minutes(peers)


def test_a_stay_that_ends_before_it_starts_has_no_minutes() -> None:
    reversed_stay = peer("a", 60, 0)
    assert credited_minutes([reversed_stay]) == 0.0
    assert credited_minutes([reversed_stay, peer("b", 0, 60)]) == 1.0
    assert running_minutes([peer("c", 60)], EpochMs(T0)) == 0.0


@given(intervals.filter(bool))
def test_the_peak_is_the_maximum_at_any_start(stays: list[tuple[int, int]]) -> None:
    lasting = [(start, max(end, start + 1)) for start, end in stays]
    highest = max(sum(start <= moment < end for start, end in lasting) for moment, _ in lasting)
    assert peak(stays) == highest


def test_two_connections_with_one_custom_id_are_one_person_and_two_users_are_not() -> None:
    custom = {"custom_participant_id": "ada"}
    tabs = [
        peer(id, 0, 60, user_id=f"{ENDPOINT_PREFIX}{id}", **custom) for id in ("first", "second")
    ]
    assert set(shared_roots(by_id(*tabs)).values()) == {"first"}
    users = by_id(peer("first", 0, 60, **custom), peer("second", 0, 60, **custom))
    assert len(set(shared_roots(users).values())) == 2


def test_what_two_sources_report_of_one_connection_is_one_person() -> None:
    user_id = f"{ENDPOINT_PREFIX}abcd1234"
    attendance = peer("attendance", 0, 60, user_id=user_id, custom_participant_id="ada")
    statistics = peer("statistics", 1, 59, user_id=user_id)
    roots = shared_roots(by_id(attendance, statistics))
    assert set(roots.values()) == {"attendance"}
