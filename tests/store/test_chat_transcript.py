"""Chat, transcript and summary."""

import itertools
from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, MessageKind, Summary, SummaryState, TranscriptLine
from aftercall.store import chat_transcript
from aftercall.store.engine.database import Database


def message(
    id: str, at: int, revised_at: int | None = None, payload: str = "hi", **rest: Any
) -> ChatMessage:
    return ChatMessage(
        app_id=rest.pop("app_id", "a"),
        session_id=rest.pop("session_id", "s"),
        id=id,
        peer_id="p",
        user_id=None,
        display_name="Ann",
        kind=MessageKind.TEXT,
        payload=payload,
        at=EpochMs(at),
        revised_at=EpochMs(at if revised_at is None else revised_at),
        **rest,
    )


def line(id: str, start: int, **rest: Any) -> TranscriptLine:
    return TranscriptLine(
        app_id=rest.pop("app_id", "a"),
        session_id=rest.pop("session_id", "s"),
        id=id,
        peer_id=None,
        user_id="u",
        custom_participant_id="c",
        display_name="Ann",
        start_at=EpochMs(start),
        end_at=EpochMs(start + 5),
        text="Hello — all",
    )


async def test_revisions_in_any_order_leave_the_earliest_time_and_latest_content(
    db: Database,
) -> None:
    revisions = [
        message("1", 5, 5, "helo"),
        message("1", 4, 9, "hello", is_edited=True),
        message("1", 7, 7, "hallo", is_pinned=True),
        message("1", 6, 9, "hello!", is_edited=True),
    ]
    for number, order in enumerate(itertools.permutations(revisions)):
        async with db.write() as tx:
            session_id = f"s{number}"
            for one in order[:2]:
                copy = {"app_id": "a", "session_id": session_id}
                await chat_transcript.save_messages(tx, [_with(one, **copy)])
            await chat_transcript.save_messages(tx, [_with(one, **copy) for one in order[2:]])
            (found,) = await chat_transcript.messages_of_session(tx, "a", session_id)
        assert (found.at, found.revised_at, found.payload) == (4, 9, "hello!")
        assert (found.is_edited, found.is_pinned) == (True, False)


def _with(one: ChatMessage, **changes: str) -> ChatMessage:
    return message(
        one.id, one.at, one.revised_at, one.payload,
        is_edited=one.is_edited, is_pinned=one.is_pinned, **changes,
    )  # fmt: skip


async def test_only_changed_messages_are_returned(db: Database) -> None:
    async with db.write() as tx:
        assert await chat_transcript.save_messages(tx, [message("1", 5), message("2", 6)]) == {
            "1",
            "2",
        }
        assert await chat_transcript.save_messages(tx, [message("1", 5), message("3", 7)]) == {"3"}
        assert await chat_transcript.save_messages(
            tx, [message("1", 8, 8, "new"), message("2", 9, 6)]
        ) == {"1"}
        assert await chat_transcript.save_messages(tx, [message("2", 1, 6)]) == {"2"}
        assert await chat_transcript.save_messages(tx, []) == set()
        assert await chat_transcript.count_messages(tx, "a", "s") == 3


async def test_chat_is_read_in_order_of_time_and_in_pages(db: Database) -> None:
    async with db.write() as tx:
        await chat_transcript.save_messages(
            tx,
            [message(id, at) for id, at in (("d", 2), ("a", 2), ("c", 1), ("b", 3))]
            + [message("x", 0, session_id="t"), message("y", 0, app_id="b")],
        )
        whole = await chat_transcript.messages_of_session(tx, "a", "s")
        assert [one.id for one in whole] == ["c", "a", "d", "b"]
        piece = await chat_transcript.messages_of_session(tx, "a", "s", limit=2)
        rest = await chat_transcript.messages_of_session(
            tx, "a", "s", after=(piece[-1].at, piece[-1].id)
        )
        assert piece + rest == whole


async def test_lines_are_stored_once_and_read_in_order_and_in_pages(db: Database) -> None:
    async with db.write() as tx:
        lines = [line("b", 2), line("a", 2), line("c", 1)]
        assert await chat_transcript.save_lines(tx, lines) == {"a", "b", "c"}
        assert await chat_transcript.save_lines(
            tx, [line("a", 9), line("d", 0, session_id="t")]
        ) == {"d"}
        whole = await chat_transcript.lines_of_session(tx, "a", "s")
        assert whole == [lines[2], lines[1], lines[0]]
        rest = await chat_transcript.lines_of_session(
            tx, "a", "s", after=(EpochMs(2), "a"), limit=5
        )
        assert rest == [lines[0]]
        assert await chat_transcript.count_lines(tx, "a", "s") == 3
        assert await chat_transcript.count_lines(tx, "b", "s") == 0


async def test_a_summary_is_loaded_as_last_saved(db: Database) -> None:
    first = Summary(app_id="a", session_id="s", state=SummaryState.PENDING, requested_at=EpochMs(1))
    last = Summary(
        app_id="a",
        session_id="s",
        state=SummaryState.COMPLETED,
        text="All agreed.",
        is_markdown=True,
        requested_at=EpochMs(1),
        completed_at=EpochMs(2),
    )
    async with db.write() as tx:
        await chat_transcript.save_summary(tx, first)
        assert await chat_transcript.find_summary(tx, "a", "s") == first
        await chat_transcript.save_summary(tx, last)
        assert await chat_transcript.find_summary(tx, "a", "s") == last
        assert await chat_transcript.find_summary(tx, "b", "s") is None
