"""A whole table, page by page."""

import pytest
import zstandard
from sqlalchemy import text

from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, MessageKind
from aftercall.store import chat_transcript
from aftercall.store.checks import scans
from aftercall.store.engine.column_types import unpack
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema

LONG = "All of us agreed on Friday. " * 20


def _message(app_id: str, session_id: str, id: str, payload: str = "Hello") -> ChatMessage:
    return ChatMessage(
        app_id=app_id,
        session_id=session_id,
        id=id,
        peer_id=None,
        user_id=None,
        kind=MessageKind.TEXT,
        display_name="Kim",
        payload=payload,
        at=EpochMs(1),
        revised_at=EpochMs(1),
    )


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 500])
async def test_every_row_is_scanned_once_in_key_order(db: Database, limit: int) -> None:
    # The later parts of a key restart under every earlier one.
    keys = [("a", "s", "z"), ("a", "t", "b"), ("b", "s", "a"), ("b", "s", "c")]
    async with db.write() as tx:
        await chat_transcript.save_messages(tx, [_message(*key) for key in reversed(keys)])
    pages = [page async for page in scans.pages(db, schema.chat_messages, limit=limit)]
    assert [tuple(row) for page in pages for row in page] == keys
    assert max(map(len, pages)) == min(limit, len(keys))


async def test_an_empty_table_has_no_page(db: Database) -> None:
    assert [page async for page in scans.pages(db, schema.chat_messages)] == []


async def test_packed_texts_are_returned_raw_even_if_corrupt(db: Database) -> None:
    async with db.write() as tx:
        await chat_transcript.save_messages(tx, [_message("a", "s", "good", LONG)])
    ((row,),) = [page async for page in scans.pages(db, schema.chat_messages, "payload")]
    assert isinstance(row.payload, bytes) and len(row.payload) < len(LONG)
    assert unpack(row.payload) == LONG
    broken = zstandard.FRAME_HEADER + b"\1"
    async with db.write() as tx:
        await tx.execute(text("UPDATE chat_messages SET payload = :it"), {"it": broken})
    ((row,),) = [page async for page in scans.pages(db, schema.chat_messages, "payload")]
    assert row.payload == broken
