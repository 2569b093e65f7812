"""Participants: the attendance of a session."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import ParticipantOrder, ParticipantQuery
from aftercall.core.records import Participant, Peer, ViewType
from aftercall.store import participants, peers
from aftercall.store.engine.database import Database

T0 = 1_795_000_000_000


def row(id: str, user_id: str | None = None, at: int = 0, **rest: Any) -> Participant:
    return Participant(
        app_id=rest.pop("app_id", "a"),
        session_id=rest.pop("session_id", "s"),
        id=id,
        user_id=user_id,
        joined_at=EpochMs(T0 + at),
        created_at=EpochMs(T0),
        updated_at=EpochMs(T0),
        **rest,
    )


def peer(id: str, participant_id: str, session_id: str = "s") -> Peer:
    return Peer(
        app_id="a",
        session_id=session_id,
        meeting_id="m",
        id=id,
        participant_id=participant_id,
        source="collector",
        interval_ms=0,
        first_heard_at=EpochMs(T0),
        last_heard_at=EpochMs(T0),
        last_received_at=EpochMs(T0),
        created_at=EpochMs(T0),
        updated_at=EpochMs(T0),
    )


async def test_participants_are_loaded_as_last_saved_until_deleted(db: Database) -> None:
    one = row("p", "u", view_type=ViewType.LIVESTREAM, left_is_inferred=True, duration_minutes=1.5)
    two = row("q", at=-1, is_hidden=True)
    async with db.write() as tx:
        await participants.save_participants(tx, [row("p"), two, row("p", session_id="t")])
        await participants.save_participants(tx, [one])
        assert await participants.participants_of_session(tx, "a", "s") == [two, one]
        await participants.delete_participants(tx, "a", "s", ["p", "r"])
        assert await participants.participants_of_session(tx, "a", "s") == [two]
        assert len(await participants.participants_of_session(tx, "a", "t")) == 1
        assert await participants.participants_of_session(tx, "b", "s") == []


async def test_participants_are_listed_without_the_hidden_in_either_order(db: Database) -> None:
    async with db.write() as tx:
        await participants.save_participants(
            tx,
            [row(f"p{n}", at=n, duration_minutes=float(n % 3)) for n in range(5)]
            + [row("recorder", at=9, is_hidden=True), row("p9", session_id="t")],
        )

    async def ids(**query: Any) -> tuple[list[str], int]:
        async with db.read() as tx:
            query = {"app_id": "a", "session_id": "s", **query}
            page = await participants.list_participants(tx, ParticipantQuery(**query))
        return [found.id for found in page.items], page.total

    assert await ids(offset=1, limit=2) == (["p3", "p2"], 5)
    assert await ids(is_descending=False, limit=1) == (["p0"], 5)
    by_length = ParticipantOrder.DURATION
    assert await ids(order=by_length) == (["p2", "p4", "p1", "p3", "p0"], 5)
    assert await ids(order=by_length, is_descending=False, limit=2) == (["p0", "p3"], 5)
    assert await ids(app_id="b") == ([], 0)


async def test_participants_are_searched_by_name_and_ids(db: Database) -> None:
    async with db.write() as tx:
        await participants.save_participants(
            tx,
            [
                row("p1", "user-1", 1, display_name="Ann Smith"),
                row("p2", "user-2", 2, custom_participant_id="ANN@example.org"),
                row("p3", "user-3", 3, display_name="100%"),
            ],
        )

    async def ids(search: str) -> list[str]:
        async with db.read() as tx:
            query = ParticipantQuery(app_id="a", session_id="s", search=search)
            return [found.id for found in (await participants.list_participants(tx, query)).items]

    assert await ids("ann") == ["p2", "p1"]
    assert await ids(" SMITH ") == ["p1"]
    assert await ids("user-3") == ["p3"]
    assert await ids("ser-3") == []
    assert await ids("p2") == ["p2"]
    assert await ids("%") == ["p3"]
    assert await ids("  ") == ["p3", "p2", "p1"]


async def test_a_participant_is_found_by_id_then_by_peer_then_by_unique_user(db: Database) -> None:
    async with db.write() as tx:
        await participants.save_participants(
            tx, [row("p1", "ann"), row("p2", "bob"), row("p3", "bob"), row("x", "eve")]
        )
        await peers.save_peers(tx, [peer("x", "p1"), peer("y", "p2"), peer("z", "p9", "t")])

        async def found(any_id: str) -> str | None:
            one = await participants.find_participant(tx, "a", "s", any_id)
            return None if one is None else one.id

        assert await found("x") == "x"
        assert await found("y") == "p2"
        assert await found("ann") == "p1"
        assert await found("bob") is None
        assert await found("z") is None
        assert await participants.find_participant(tx, "b", "s", "p1") is None


async def test_the_participants_of_a_user_are_found_in_several_sessions(db: Database) -> None:
    async with db.write() as tx:
        await participants.save_participants(
            tx,
            [
                row("p1", "ann", 2),
                row("p2", "ann", 1, session_id="t"),
                row("p3", "ann", session_id="elsewhere"),
                row("p4", None, 3, session_id="t", custom_participant_id="c"),
                row("p5", "bob"),
            ],
        )

        async def ids(**who: str) -> list[str]:
            found = await participants.participants_of_user(tx, "a", ["s", "t"], **who)
            return [one.id for one in found]

        assert await ids(user_id="ann") == ["p2", "p1"]
        assert await ids(user_id="ann", custom_participant_id="c") == ["p2", "p1", "p4"]
        assert await ids() == []
