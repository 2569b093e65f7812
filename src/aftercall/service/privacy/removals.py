"""Removes the rows that are noted for removal: at once when somebody deletes a session, else when
retention comes to them."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.retention import DataKind
from aftercall.service.privacy.remove_addresses import remove_addresses
from aftercall.store.engine.database import Database
from aftercall.store.retention.removals import OF_THE_SESSION, Deleted, find_removals, remove_rows

REMOVALS: Final = 5
ROWS: Final = 100
"""Rows of each removal that are deleted in one step."""


async def remove_noted_rows(db: Database) -> None:
    """Remove all rows that are noted, but those that another process removes."""
    has_more = True
    while has_more:
        async with db.write() as tx:
            for _ in range(REMOVALS):
                has_more = await remove_some(tx) is not None
                if not has_more:
                    break


async def remove_some(tx: AsyncConnection) -> Sequence[Deleted] | None:
    """Remove some rows of one removal; returns how many, by kind, or `None` if nothing is noted."""
    for removal in await find_removals(tx, 1):
        deleted: list[Deleted] = []
        stays = not removal.has(DataKind.SESSIONS) and removal.peer_id != OF_THE_SESSION
        if stays and removal.has(DataKind.ADDRESSES):
            deleted.append(Deleted(DataKind.ADDRESSES, await remove_addresses(tx, removal)))
        return [*deleted, *await remove_rows(tx, removal, ROWS)]
    return None
