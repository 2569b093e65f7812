"""Verdicts of participants in short, as they are written."""

from collections.abc import Sequence
from typing import Final

import msgspec
import zstandard
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import PeerVerdict
from aftercall.store.engine.record_mapping import upsert_rows
from aftercall.store.tables import schema

LEVEL: Final = 3
"""zstd level of a digest; it is read far more often than written, and small."""

_encode: Final = msgspec.json.Encoder().encode


async def replace_peer_verdicts(tx: AsyncConnection, peers: Sequence[PeerVerdict]) -> None:
    """Write the verdicts of some participants over older ones."""
    compress = zstandard.ZstdCompressor(level=LEVEL).compress
    await upsert_rows(
        tx,
        schema.peer_verdicts,
        [
            {
                "app_id": peer.app_id,
                "session_id": peer.session_id,
                "participant_id": peer.participant_id,
                "person": peer.person,
                "joined_at": peer.joined_at,
                "summary": _encode(peer.summary).decode(),
                "digest": compress(_encode(peer.digest)),
            }
            for peer in peers
        ],
    )


async def people_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> dict[str, str]:
    """The person that each participant of a folded session is, by the participant's id."""
    c = schema.peer_verdicts.c
    rows = await tx.execute(
        select(c.participant_id, c.person).where(c.app_id == app_id, c.session_id == session_id)
    )
    return {participant_id: person for participant_id, person in rows}


async def save_digest(
    tx: AsyncConnection, app_id: str, session_id: str, participant_id: str, digest: Digest
) -> None:
    """Write the digest of one participant of a folded session over the one that is there."""
    c = schema.peer_verdicts.c
    compressed = zstandard.ZstdCompressor(level=LEVEL).compress(_encode(digest))
    await tx.execute(
        update(schema.peer_verdicts)
        .where(c.app_id == app_id, c.session_id == session_id, c.participant_id == participant_id)
        .values(digest=compressed)
    )
