"""Facts are merged into a session: earliest join, latest leave, union of peers."""

from itertools import permutations

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    Identity,
    PeerEvent,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.merging import SessionState, merge, new_session

T0 = 1_795_000_000_000


def at(seconds: float) -> EpochMs:
    return EpochMs(T0 + int(seconds * 1000))


def fresh() -> SessionState:
    session = new_session(
        app_id="app",
        id="s",
        meeting_id="m",
        title="",
        keep_alive_s=60,
        at=at(5),
        received_at=at(5),
    )
    return SessionState(session=session, peers={})


def take(work: SessionState, *events: AnyEvent, received: float = 50) -> list[bool]:
    return [merge(work, e, source="test", received_at=at(received)) for e in events]


def join(seconds: float, **who: object) -> PeerJoined:
    identity = Identity(user_id="ada", **who)  # type: ignore[arg-type]  # members as the test names them
    return PeerJoined(id=f"j{seconds}", at=at(seconds), peer_id="p", identity=identity)


def test_the_earliest_join_the_latest_leave_and_the_earliest_kick_count() -> None:
    work = fresh()
    leaves = [PeerLeft(id=f"l{s}", at=at(s), peer_id="p") for s in (30, 20, 40)]
    kicks = [PeerKicked(id=f"k{s}", at=at(s), peer_id="p") for s in (36, 35)]
    take(work, join(12), join(10), join(11), *leaves, *kicks)
    peer = work.peers["p"]
    assert (peer.joined_at, peer.left_said_at, peer.kicked_at) == (at(10), at(40), at(35))
    assert (peer.first_heard_at, peer.last_heard_at) == (at(10), at(40))


def test_a_repeated_fact_is_not_new() -> None:
    work = fresh()
    note = PeerEvent(id="n", at=at(12), peer_id="p", name="audio_on", data={})
    close = SessionClosed(id="c", at=at(60))
    assert take(work, join(10), note, close) == [True, True, True]
    touched = work.session.touched_at
    assert take(work, join(10), note, close, received=90) == [False, False, False]
    assert work.session.touched_at == touched
    assert work.peers["p"].last_received_at == at(90)


def test_two_display_names_of_one_peer_merge_equally_in_every_order() -> None:
    joins = [
        join(10, display_name="Ada"),
        join(11, display_name="Ada L.", picture="x"),
        join(12, picture="a"),
    ]
    ends = set()
    for order in permutations(joins):
        work = fresh()
        take(work, *order)
        peer = work.peers["p"]
        ends.add((peer.joined_at, peer.display_name, peer.picture))
    assert ends == {(at(10), "Ada", "a")}


def test_an_opening_sets_the_title_of_an_untitled_session() -> None:
    work = fresh()
    take(work, SessionOpened(id="o", at=at(3), title="Weekly"))
    assert (work.session.title, work.session.opened_at) == ("Weekly", at(3))
    take(work, SessionOpened(id="o2", at=at(1), title="Other"))
    assert (work.session.title, work.session.opened_at) == ("Weekly", at(1))


def test_a_chat_message_does_not_change_the_session() -> None:
    work = fresh()
    before = work.session
    chat = ChatSent(id="m", at=at(9), payload="hello", revised_at=at(9))
    assert take(work, chat) == [False]
    assert work.session == before
