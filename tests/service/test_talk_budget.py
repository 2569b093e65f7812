"""How much chat and transcript a session may have."""

from itertools import count

from aftercall.core.events import AnyEvent, ChatSent, Identity, LineSpoken, PeerJoined
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.recording.recorder import Recorder
from aftercall.store import chat_transcript
from aftercall.store.engine.database import Database

T0 = EpochMs(1_795_000_000_000)


def recorder(db: Database, most_talk: int) -> Recorder:
    ids = count()
    return Recorder(
        db, clock=lambda: T0, new_id=lambda: f"s{next(ids)}", policy=Policy(), most_talk=most_talk
    )


def join(meeting_id: str) -> PeerJoined:
    peer_id = f"peer of {meeting_id}"
    return PeerJoined(
        id=f"j {meeting_id}", at=T0, peer_id=peer_id, meeting_id=meeting_id, identity=Identity()
    )


def chat_message(id: str, text: str, meeting_id: str = "weekly", later_ms: int = 0) -> ChatSent:
    return ChatSent(
        id=id, at=T0, meeting_id=meeting_id, payload=text, revised_at=EpochMs(T0 + later_ms)
    )


def transcript_line(id: str, text: str) -> LineSpoken:
    return LineSpoken(id=id, at=T0, meeting_id="weekly", end_at=T0, text=text)


async def codes(made: Recorder, *events: AnyEvent) -> list[str | None]:
    return [outcome.code for outcome in await made.record("app", events, source="test")]


async def test_text_beyond_the_budget_is_refused_alone_and_per_session(db: Database) -> None:
    made = recorder(db, 10)
    await codes(made, join("weekly"), join("daily"))
    assert await codes(made, chat_message("1", "12345"), transcript_line("2", "123")) == [
        None,
        None,
    ]
    assert await codes(
        made, chat_message("3", "123"), chat_message("4", "12"), chat_message("5", "1", "daily")
    ) == [
        "talk_full",
        "talk_full",
        None,
    ]
    async with db.read() as tx:
        assert await chat_transcript.count_messages(tx, "app", "s0") == 1


async def test_repeated_messages_count_once_and_edits_each_time(db: Database) -> None:
    made = recorder(db, 10)
    await codes(made, join("weekly"))
    for _ in range(5):
        assert await codes(made, chat_message("1", "12345")) == [None]
    assert await codes(made, chat_message("1", "1234", later_ms=1)) == [None]
    assert await codes(made, chat_message("1", "1234", later_ms=2)) == ["talk_full"]


async def test_the_budget_is_shared_by_all_processes(db: Database) -> None:
    await codes(recorder(db, 10), join("weekly"), chat_message("1", "123456"))
    assert await codes(recorder(db, 10), chat_message("2", "123456")) == ["talk_full"]
    assert await codes(recorder(db, 0), chat_message("2", "123456")) == [None]
