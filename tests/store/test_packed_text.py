"""Text that is stored compressed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, MessageKind, TranscriptLine
from aftercall.store import chat_transcript
from aftercall.store.engine.column_types import pack, unpack
from aftercall.store.engine.database import Database

AT = EpochMs(1_795_000_000_000)
LONG = "Shall we move the release to Thursday? " * 250


def message(payload: str, id: str = "m") -> ChatMessage:
    return ChatMessage(
        app_id="a",
        session_id="s",
        id=id,
        peer_id=None,
        user_id=None,
        display_name="Ann",
        kind=MessageKind.TEXT,
        payload=payload,
        at=AT,
        revised_at=AT,
    )


def line(words: str) -> TranscriptLine:
    return TranscriptLine(
        app_id="a",
        session_id="s",
        id="l",
        peer_id=None,
        user_id=None,
        custom_participant_id=None,
        display_name="Ann",
        start_at=AT,
        end_at=AT,
        text=words,
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_packed_text_is_restored_and_never_larger(words: str) -> None:
    assert unpack(pack(words)) == words
    assert len(pack(words)) <= len(words.encode())


@pytest.mark.parametrize("words", ["", "(\u00b5/\u00fd", "(\x2f\x7f" * 30, LONG])
def test_texts_that_look_like_a_frame_are_restored(words: str) -> None:
    assert unpack(pack(words)) == words


async def test_long_chat_and_transcript_texts_are_compressed(db: Database) -> None:
    async with db.write() as tx:
        await chat_transcript.save_messages(tx, [message(LONG)])
        await chat_transcript.save_lines(tx, [line(LONG)])
        for column in ("payload FROM chat_messages", "text FROM transcript_lines"):
            stored = (await tx.execute(text(f"SELECT {column}"))).scalar_one()
            assert len(stored) < len(LONG) / 50
        assert (await chat_transcript.messages_of_session(tx, "a", "s"))[0].payload == LONG
        assert (await chat_transcript.lines_of_session(tx, "a", "s"))[0].text == LONG


async def test_of_two_revisions_of_one_time_the_same_wins_in_every_order(db: Database) -> None:
    short, long = "zz", LONG
    for session, order in (("one", (short, long)), ("other", (long, short))):
        async with db.write() as tx:
            for payload in order:
                await chat_transcript.save_messages(tx, [message(payload, id=session)])
    async with db.write() as tx:
        await chat_transcript.save_messages(
            tx, [message(short, id="both"), message(long, id="both")]
        )
        kept = {each.payload for each in await chat_transcript.messages_of_session(tx, "a", "s")}
    assert len(kept) == 1
