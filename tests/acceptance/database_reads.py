"""Reads and checks of a server's database, past the server."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import ChatMessage, Peer
from aftercall.store import chat_transcript, peers, samples
from aftercall.store.engine.database import Database
from tests.acceptance.retrying_client import CollectorClient


@asynccontextmanager
async def read_transaction(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction for reads."""
    db = await Database.open(database_url)
    try:
        async with db.read() as tx:
            yield tx
    finally:
        await db.close()


async def messages_of(database_url: str, app_id: str, session_id: str) -> list[ChatMessage]:
    async with read_transaction(database_url) as tx:
        return await chat_transcript.messages_of_session(tx, app_id, session_id)


async def peers_of(database_url: str, app_id: str, session_id: str) -> dict[str, Peer]:
    async with read_transaction(database_url) as tx:
        found = await peers.peers_of_session(tx, app_id, session_id)
        return {peer.id: peer for peer in found}


async def assert_samples_stored(
    database_url: str, app_id: str, callers: Sequence[CollectorClient]
) -> None:
    """Raises `AssertionError` unless exactly the acknowledged reports are stored, each once."""
    async with read_transaction(database_url) as tx:
        for caller in callers:
            kept = [each.sequence for each in await samples.of_peer(tx, app_id, caller.peer_id)]
            assert len(kept) == len(set(kept)), "stored twice"
            assert set(kept) == caller.samples, "lost, or stored without being acknowledged"
