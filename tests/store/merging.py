"""Merges samples into a segment, as at the end of a session."""

from aftercall.store import samples, segments
from aftercall.store.engine.database import Database


async def merge(db: Database, app_id: str, peer_id: str, session_id: str = "s") -> int:
    """Merge a peer's samples into its segment. Returns how many it holds, 0 if there was nothing to
    merge or another merge came first."""
    async with db.read() as tx:
        stored = await samples.read_peer(tx, app_id, peer_id)
    merged = segments.merge(stored, stored.decode(), session_id, 0)
    if merged is None:
        return 0
    async with db.write() as tx:
        return merged.samples if await segments.save(tx, merged) else 0
