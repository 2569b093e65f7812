"""Verdicts of participants in short, as they are written."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import zstandard
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import PeerVerdict
from aftercall.store.codecs.trimmed import trimmed
from aftercall.store.engine.record_mapping import upsert_rows
from aftercall.store.tables import schema

LEVEL: Final = 3
"""zstd level of a digest; it is read far more often than written, and small."""

_encode: Final = msgspec.json.Encoder().encode


class PackedPeerVerdict(NamedTuple):
    """A participant's summary and digest in the form in which they are written, without the
    objects of its issues and findings."""

    app_id: str
    session_id: str
    participant_id: str
    person: str
    joined_at: EpochMs
    summary: str
    digest: bytes


def pack_peer_verdict(peer: PeerVerdict) -> PackedPeerVerdict:
    """A verdict encoded, its digest compressed."""
    return PackedPeerVerdict(
        app_id=peer.app_id,
        session_id=peer.session_id,
        participant_id=peer.participant_id,
        person=peer.person,
        joined_at=peer.joined_at,
        summary=_encode(peer.summary).decode(),
        digest=trimmed(zstandard.ZstdCompressor(level=LEVEL).compress(_encode(peer.digest))),
    )


async def replace_peer_verdicts(tx: AsyncConnection, peers: Sequence[PackedPeerVerdict]) -> None:
    """Write the verdicts of some participants over older ones."""
    await upsert_rows(tx, schema.peer_verdicts, [peer._asdict() for peer in peers])


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
