"""Peers and their pulses."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy, is_silent, silence_bounds
from aftercall.core.records import LeaveReason, Peer, Phase, ViewType
from aftercall.store import peers
from aftercall.store.engine.database import Database
from aftercall.store.peers import Heartbeat
from tests.store.record_builder import NOW, T0, open_session, peer


async def test_a_peer_is_loaded_as_last_saved(db: Database) -> None:
    first = peer("p", is_hidden=True, view_type=ViewType.WEBINAR)
    last = peer("p", left_at=NOW, left_reason=LeaveReason.KICKED, display_name="Ann")
    async with db.write() as tx:
        await peers.save_peers(tx, [first, peer("q", app_id="b")])
        assert await peers.find_peer(tx, "a", "p") == first
        await peers.save_peers(tx, [last])
        assert await peers.find_peers(tx, "a", ["p", "q"]) == {"p": last}
        assert await peers.find_peer(tx, "b", "p") is None


async def test_the_peers_of_a_session_are_in_order_of_joining(db: Database) -> None:
    async with db.write() as tx:
        await peers.save_peers(
            tx,
            [
                peer("late", first_heard_at=EpochMs(T0 + 2), participant_id="x"),
                peer("early", first_heard_at=EpochMs(T0 + 1), participant_id="x"),
                peer("other", participant_id="y"),
                peer("elsewhere", session_id="t", participant_id="x"),
            ],
        )
        every = await peers.peers_of_session(tx, "a", "s")
        assert [one.id for one in every] == ["other", "early", "late"]
        chain = await peers.peers_of_participants(tx, "a", "s", ["x"])
        assert [one.id for one in chain] == ["early", "late"]


async def test_heartbeats_only_increase_in_any_order(db: Database) -> None:
    await open_session(db)
    async with db.write() as tx:
        await peers.save_peers(tx, [peer("p", silent_ms=100)])
        await peers.record_heartbeats(
            tx, [Heartbeat("a", "p", EpochMs(NOW + 9), EpochMs(NOW + 5), 4, 2)]
        )
        await peers.record_heartbeats(
            tx,
            [
                Heartbeat("a", "p", EpochMs(NOW + 1), EpochMs(NOW + 8), 7, 1),
                Heartbeat("a", "p", EpochMs(NOW + 2), EpochMs(NOW + 2), 1, 1),
                Heartbeat("b", "p", EpochMs(NOW + 99), EpochMs(NOW + 99), 99, 9),
            ],
        )
        found = await peers.statuses(tx, [("a", "p")])
        state = found["a", "p"]
        assert (state.phase, state.last_heard_at, state.last_sequence) == (Phase.LIVE, NOW + 9, 7)
        assert await peers.count_samples(tx, "a", "p") == 4
        assert await peers.count_samples(tx, "a", "q") == 0
        (reported,) = await peers.peers_of_session(tx, "a", "s")
        assert (reported.last_heard_at, reported.last_received_at) == (NOW + 9, NOW + 8)


async def test_statuses_are_given_for_peers_of_the_same_app(db: Database) -> None:
    await open_session(db)
    await open_session(db, "t", "b", phase=Phase.ENDED)
    async with db.write() as tx:
        await peers.save_peers(tx, [peer("p"), peer("q", app_id="b", session_id="t")])
        found = await peers.statuses(tx, [("a", "p"), ("b", "q"), ("a", "q"), ("b", "p")])
        assert await peers.statuses(tx, []) == {}
    assert {key: (state.phase, state.last_sequence) for key, state in found.items()} == {
        ("a", "p"): (Phase.LIVE, None),
        ("b", "q"): (Phase.ENDED, None),
    }
    assert found["a", "p"].peer == peer("p")


async def test_possibly_silent_peers_are_found_longest_silent_first(db: Database) -> None:
    await open_session(db)
    await open_session(db, "over", phase=Phase.ENDED)
    async with db.write() as tx:
        await peers.save_peers(
            tx,
            [
                peer("silent", silent_ms=30_001),
                peer("patient", silent_ms=30_000),
                peer("slow", silent_ms=30_001, interval_ms=20_000),
                peer("slow and silent", silent_ms=60_001, interval_ms=20_000),
                peer("pulsing", silent_ms=90_000),
                peer("gone", silent_ms=90_000, left_at=NOW),
                peer("of an ended session", silent_ms=90_000, session_id="over"),
                peer("quiet source", silent_ms=90_000, interval_ms=0),
                peer("quiet for long", silent_ms=Policy().quiet_source_ms + 1, interval_ms=0),
            ],
        )
        await peers.record_heartbeats(tx, [Heartbeat("a", "pulsing", NOW, NOW, 1, 1)])
        bounds = silence_bounds(NOW, Policy())
        found = await peers.peers_not_heard_since(tx, bounds, 10)
        assert [one.id for one in found] == ["quiet for long", "slow and silent", "silent", "slow"]
        assert [one.id for one in found if is_silent(one, NOW, Policy())] == [
            "quiet for long",
            "slow and silent",
            "silent",
        ]
        by_pages, after = list[Peer](), None
        while page := await peers.peers_not_heard_since(tx, bounds, 1, after=after):
            by_pages += page
            after = peers.silent_place(page[-1])
        assert by_pages == found


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-1, 9)), min_size=1))
def test_heartbeats_of_one_batch_merge_to_their_maximum(pulses: list[tuple[int, int, int]]) -> None:
    every = [
        Heartbeat("a", "p", EpochMs(heard), EpochMs(received), sequence, 1)
        for heard, received, sequence in pulses
    ]
    merged = reduce(peers._merged, every)
    assert merged.last_heard_at == max(pulse.last_heard_at for pulse in every)
    assert merged.last_received_at == max(pulse.last_received_at for pulse in every)
    assert merged.last_sequence == max(pulse.last_sequence for pulse in every)
    assert merged.samples_added == len(every)
