"""Text that is compressed where it lies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, MessageKind, TranscriptLine
from aftercall.store import conversation
from aftercall.store.engine.column_types import pack, unpack
from aftercall.store.engine.database import Database, migrate

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
def test_what_is_packed_comes_back_and_is_never_larger(words: str) -> None:
    assert unpack(pack(words)) == words
    assert len(pack(words)) <= len(words.encode())


@pytest.mark.parametrize("words", ["", "(\u00b5/\u00fd", "(\x2f\x7f" * 30, LONG])
def test_texts_that_look_like_a_frame_come_back(words: str) -> None:
    assert unpack(pack(words)) == words


async def test_long_talk_takes_a_fraction_of_its_length(db: Database) -> None:
    async with db.write() as tx:
        await conversation.save_messages(tx, [message(LONG)])
        await conversation.save_lines(tx, [line(LONG)])
        for column in ("payload FROM chat_messages", "text FROM transcript_lines"):
            stored = (await tx.execute(text(f"SELECT {column}"))).scalar_one()
            assert len(stored) < len(LONG) / 50
        assert (await conversation.messages_of_session(tx, "a", "s"))[0].payload == LONG
        assert (await conversation.lines_of_session(tx, "a", "s"))[0].text == LONG


async def test_of_two_revisions_of_one_moment_the_same_stays_in_every_order(db: Database) -> None:
    short, long = "zz", LONG
    for session, order in (("one", (short, long)), ("other", (long, short))):
        async with db.write() as tx:
            for payload in order:
                await conversation.save_messages(tx, [message(payload, id=session)])
    async with db.write() as tx:
        await conversation.save_messages(tx, [message(short, id="both"), message(long, id="both")])
        kept = {each.payload for each in await conversation.messages_of_session(tx, "a", "s")}
    assert len(kept) == 1


_BEFORE = (
    "DROP TABLE talk_sizes",
    "DROP TABLE chat_messages",
    "DROP TABLE transcript_lines",
    "CREATE TABLE chat_messages (app_id TEXT NOT NULL, session_id TEXT NOT NULL, id TEXT NOT NULL,"
    " peer_id TEXT, user_id TEXT, display_name TEXT NOT NULL, kind TEXT NOT NULL,"
    " payload TEXT NOT NULL, is_pinned BOOLEAN NOT NULL, is_edited BOOLEAN NOT NULL,"
    " at BIGINT NOT NULL, revised_at BIGINT NOT NULL,"
    " CONSTRAINT pk_chat_messages PRIMARY KEY (app_id, session_id, id))",
    "CREATE INDEX ix_chat_messages_at ON chat_messages (app_id, session_id, at, id)",
    "CREATE TABLE transcript_lines (app_id TEXT NOT NULL, session_id TEXT NOT NULL,"
    " id TEXT NOT NULL, peer_id TEXT, user_id TEXT, custom_participant_id TEXT,"
    " display_name TEXT NOT NULL, start_at BIGINT NOT NULL, end_at BIGINT NOT NULL,"
    " text TEXT NOT NULL, CONSTRAINT pk_transcript_lines PRIMARY KEY (app_id, session_id, id))",
    "CREATE INDEX ix_transcript_lines_start ON transcript_lines (app_id, session_id, start_at, id)",
    f"INSERT INTO chat_messages VALUES ('a', 's', 'm', NULL, NULL, 'Ann', 'text', 'Grüße {LONG}',"
    f" FALSE, FALSE, {AT}, {AT})",
    "INSERT INTO transcript_lines VALUES ('a', 's', 'l', NULL, NULL, NULL, 'Ann',"
    f" {AT}, {AT}, 'Grüße')",
    "UPDATE alembic_version SET version_num = '0004'",
)


async def test_what_was_said_before_the_migration_can_be_read_after_it(
    own_db: Database, own_database_url: str
) -> None:
    async with own_db.write() as tx:
        for statement in _BEFORE:
            await tx.execute(text(statement.replace(":", "\\:")))
    await migrate(own_database_url)
    after = await Database.open(own_database_url)
    try:
        async with after.write() as tx:
            (kept,) = await conversation.messages_of_session(tx, "a", "s")
            assert kept == message(f"Grüße {LONG}")
            assert await conversation.lines_of_session(tx, "a", "s") == [line("Grüße")]
            assert await conversation.save_messages(tx, [message(f"Grüße {LONG}")]) in (
                set(),
                {"m"},
            )
            assert await conversation.messages_of_session(tx, "a", "s") == [kept]
    finally:
        await after.close()
