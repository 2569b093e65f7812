"""Where in the record the peers of imported dumps go."""

from collections.abc import Sequence

from aftercall.core.instants import EpochMs
from aftercall.store import peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows


class ImportPlaces:
    """Finds sessions that imported peers belong to."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def session_of_peers(self, app_id: str, peer_ids: Sequence[str]) -> str | None:
        """The session that holds any of the peers already."""
        async with self._db.read() as tx:
            known = await peers.find_peers(tx, app_id, peer_ids)
        return min((each.session_id for each in known.values()), default=None)

    async def session_of_meeting(
        self, app_id: str, meeting_id: str, moments: Sequence[EpochMs]
    ) -> str | None:
        """The ended session of the meeting that covers one of these instants."""
        async with self._db.read() as tx:
            for moment in moments:
                found = await session_rows.find_session_covering(tx, app_id, meeting_id, moment)
                if found is not None:
                    return found.id
        return None

    async def known_peers(self, app_id: str, peer_ids: Sequence[str]) -> set[str]:
        """Those of the peers that are in the record."""
        async with self._db.read() as tx:
            return set(await peers.find_peers(tx, app_id, peer_ids))
