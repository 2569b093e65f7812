"""The life of a session: its table, its deadlines, and that order and repeats do not matter."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.core.events import (
    AnyEvent,
    Identity,
    PeerEvent,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.downtime import Downtime
from aftercall.core.lifecycle.merging import SessionState, merge, new_session
from aftercall.core.lifecycle.state_machine import (
    TRANSITIONS,
    Policy,
    RulesApplied,
    apply_rules,
    silence_limit_ms,
)
from aftercall.core.records import EndReason, LeaveReason, Phase

T0 = 1_795_000_000_000
POLICY = Policy()


def at(seconds: float) -> EpochMs:
    return EpochMs(T0 + int(seconds * 1000))


def join(peer: str, seconds: float, **more: Any) -> PeerJoined:
    values: dict[str, Any] = {"interval_ms": 7_000, "identity": Identity(user_id=peer)} | more
    return PeerJoined(id=f"join {peer} {seconds}", at=at(seconds), peer_id=peer, **values)


def leave(peer: str, seconds: float) -> PeerLeft:
    return PeerLeft(id=f"leave {peer} {seconds}", at=at(seconds), peer_id=peer)


def play(
    *events: AnyEvent, received: float | None = None, now: float = 0, policy: Policy = POLICY
) -> RulesApplied:
    """A session of these events, each received when it happened unless `received` is given."""
    first = events[0]
    moment = at(received) if received is not None else first.at
    session = new_session(
        app_id="app",
        id="session",
        meeting_id="meeting",
        title="Weekly",
        keep_alive_s=60,
        at=first.at,
        received_at=moment,
    )
    work = SessionState(session=session, peers={})
    for event in events:
        merge(work, event, source="test", received_at=moment if received is not None else event.at)
    return apply_rules(work, now=at(now), policy=policy)


def test_the_table_has_no_transition_from_ended() -> None:
    assert TRANSITIONS[Phase.ENDED] == {}
    assert all(
        phase is Phase.ENDED or Phase.ENDED in moves.values() or phase is Phase.LIVE
        for phase, moves in TRANSITIONS.items()
    )


def test_a_session_is_open_then_live_then_draining_then_ended() -> None:
    assert play(SessionOpened(id="o", at=at(0))).session.phase is Phase.OPEN
    assert play(join("a", 0), now=1).session.phase is Phase.LIVE
    emptied = play(join("a", 0), leave("a", 30), now=40)
    assert emptied.session.phase is Phase.DRAINING
    assert emptied.session.deadline_at == at(90)
    ended = play(join("a", 0), leave("a", 30), now=90)
    assert ended.session.phase is Phase.ENDED
    assert ended.has_just_ended
    assert ended.session.ended_at == at(30)
    assert ended.session.end_reason is EndReason.EMPTIED
    assert ended.session.minutes_consumed == 0.5


def test_a_join_within_the_keep_alive_time_continues_the_session() -> None:
    back = play(join("a", 0), leave("a", 30), join("b", 80), now=85)
    assert back.session.phase is Phase.LIVE
    assert back.session.live_participants == 1
    assert back.session.total_participants == 2


def test_a_peer_that_leaves_and_joins_again_is_present() -> None:
    back = play(join("a", 0), leave("a", 30), join("a", 31), now=40)
    assert back.session.phase is Phase.LIVE
    assert back.peers["a"].left_at is None
    gone = play(join("a", 0), leave("a", 30), join("a", 31), leave("a", 50), now=55)
    assert gone.peers["a"].left_at == at(50)


def test_a_close_ends_the_session_for_every_peer_at_its_time() -> None:
    closed = play(join("a", 0), join("b", 5), SessionClosed(id="c", at=at(20)), now=20)
    assert closed.session.phase is Phase.ENDED
    assert closed.session.end_reason is EndReason.CLOSED
    assert closed.session.ended_at == at(20)
    assert closed.session.live_participants == 0
    assert {peer.left_reason for peer in closed.peers.values()} == {LeaveReason.SESSION_ENDED}


def test_a_silent_peer_leaves_after_three_intervals_but_not_before_thirty_seconds() -> None:
    heard = PeerEvent(id="n", at=at(10), peer_id="a", name="audio_on", data={})
    assert play(join("a", 0), heard, now=40).session.phase is Phase.LIVE
    gone = play(join("a", 0), heard, now=40.001)
    assert gone.session.phase is Phase.DRAINING
    assert gone.peers["a"].left_at == at(10)
    slow = join("a", 0, interval_ms=60_000)
    assert play(slow, now=180).session.phase is Phase.LIVE
    assert play(slow, now=181).session.phase is Phase.ENDED


def test_a_peer_that_may_hold_samples_is_waited_for_as_much_longer() -> None:
    held = Policy(samples_held={"collector": 4})
    assert silence_limit_ms(7_000, held, source="collector") == 51_000
    assert silence_limit_ms(60_000, held, source="collector") == 360_000
    assert silence_limit_ms(7_000, held, source="janus") == 30_000
    assert silence_limit_ms(0, held, source="collector") == silence_limit_ms(0, Policy())


def test_no_peer_becomes_silent_during_downtime() -> None:
    policy = Policy(downtime=Downtime(listening_since=at(1_000)))
    assert play(join("a", 0), now=1_020, policy=policy).session.phase is Phase.LIVE
    gone = play(join("a", 0), now=1_031, policy=policy)
    assert gone.session.phase is Phase.DRAINING
    assert gone.peers["a"].left_at == at(0)


def test_a_session_without_joins_ends_by_itself() -> None:
    waiting = play(SessionOpened(id="o", at=at(0)), now=299)
    assert waiting.session.phase is Phase.OPEN
    ended = play(SessionOpened(id="o", at=at(0)), now=300)
    assert ended.session.phase is Phase.ENDED
    assert ended.session.ended_at == at(0)
    assert ended.session.total_participants == 0


def test_a_backfilled_call_drains_for_late_facts() -> None:
    long_ago = play(join("a", 0), leave("a", 30), received=50_000, now=50_010)
    assert long_ago.session.phase is Phase.DRAINING
    assert long_ago.session.deadline_at == at(50_060)
    assert play(join("a", 0), leave("a", 30), received=50_000, now=50_060).session.ended_at == at(
        30
    )


def test_late_facts_enter_an_ended_session_without_reopening_it() -> None:
    ended = play(join("a", 0), leave("a", 30), now=100)
    work = SessionState(session=ended.session, peers=dict(ended.peers))
    merge(work, join("b", 10), source="test", received_at=at(200))
    later = apply_rules(work, now=at(200), policy=POLICY)
    assert later.session.phase is Phase.ENDED
    assert not later.has_just_ended
    assert later.session.total_participants == 2
    assert later.session.live_participants == 0
    assert later.peers["b"].left_at == at(10)


def test_a_recorder_does_not_keep_a_session_alive() -> None:
    recorder = join("r", 0, identity=Identity(user_id="r", is_hidden=True))
    emptied = play(recorder, join("a", 1), leave("a", 31), now=35)
    assert emptied.session.phase is Phase.DRAINING
    assert emptied.session.total_participants == 1


def test_a_kick_ends_a_stay_despite_a_later_leave() -> None:
    kicked = play(join("a", 0), PeerKicked(id="k", at=at(9), peer_id="a"), leave("a", 11), now=12)
    assert kicked.peers["a"].left_at == at(9)
    assert kicked.peers["a"].left_reason is LeaveReason.KICKED


@st.composite
def calls(draw: st.DrawFn) -> list[AnyEvent]:
    """The events of one session in some order: stays, reconnects, kicks, peer events, a close."""
    events: list[AnyEvent] = []
    for number in range(draw(st.integers(1, 6))):
        id = f"peer{number}"
        start = draw(st.integers(0, 300))
        previous = f"peer{draw(st.integers(0, 5))}" if draw(st.booleans()) else None
        events.append(
            join(
                id,
                start,
                previous_peer_id=previous,
                identity=Identity(
                    user_id=draw(st.sampled_from(["ada", "bob"])),
                    display_name=draw(st.none() | st.sampled_from(["Ada", "Bob"])),
                    is_hidden=draw(st.integers(0, 5)) == 0,
                ),
            )
        )
        for moment in draw(st.lists(st.integers(start, 600), max_size=4)):
            kind = draw(st.sampled_from(["leave", "note", "kick", "join"]))
            if kind == "join":
                events.append(join(id, moment))
            elif kind == "leave":
                events.append(leave(id, moment))
            elif kind == "kick":
                events.append(PeerKicked(id=f"k{id}{moment}", at=at(moment), peer_id=id))
            else:
                note_id = f"n{id}{moment}"
                events.append(
                    PeerEvent(id=note_id, at=at(moment), peer_id=id, name="audio_on", data={})
                )
    if draw(st.booleans()):
        events.append(SessionOpened(id="o", at=at(draw(st.integers(0, 600))), title="Weekly"))
    if draw(st.integers(0, 3)) == 0:
        events.append(SessionClosed(id="c", at=at(draw(st.integers(0, 600)))))
    return events


@settings(max_examples=300, deadline=None)
@given(calls(), st.integers(0, 2**32), st.integers(700, 5_000))
def test_order_and_repetition_of_events_do_not_matter(
    events: list[AnyEvent], seed: int, now: int
) -> None:
    shuffled = [*events, *events[: len(events) // 2]]
    random.Random(seed).shuffle(shuffled)
    one = play(*events, received=650, now=now)
    other = play(*shuffled, received=650, now=now)
    assert one.session == other.session
    assert one.peers == other.peers
    assert one.participants == other.participants


@settings(max_examples=200, deadline=None)
@given(calls(), st.integers(0, 5_000))
def test_the_counts_of_a_session_are_consistent(events: list[AnyEvent], now: int) -> None:
    settled = play(*events, received=650, now=now)
    session, rows = settled.session, settled.participants
    assert 0 <= session.live_participants <= session.max_concurrent_participants
    assert session.max_concurrent_participants <= session.total_participants
    assert session.minutes_consumed >= 0
    assert round(sum(session.minutes_by_view.values()), 4) == session.minutes_consumed
    assert {peer.participant_id for peer in settled.peers.values()} == set(rows)
    if session.phase is Phase.ENDED:
        assert session.live_participants == 0
        assert session.ended_at is not None
        assert session.ended_at >= session.started_at or session.end_reason is EndReason.CLOSED
    assert (session.deadline_at is None) == (
        session.phase is Phase.ENDED or session.live_participants > 0
    )


@settings(max_examples=200, deadline=None)
@given(calls(), st.integers(0, 5_000))
def test_applying_the_rules_twice_changes_nothing(events: list[AnyEvent], now: int) -> None:
    once = play(*events, received=650, now=now)
    again = apply_rules(
        SessionState(session=once.session, peers=dict(once.peers)), now=at(now), policy=POLICY
    )
    assert (again.session, again.peers, again.participants) == (
        once.session,
        once.peers,
        once.participants,
    )
