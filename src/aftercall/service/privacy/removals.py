"""Removes the rows that are noted for removal: at once when somebody deletes a session, else when
retention comes to them."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.retention import DataKind
from aftercall.service.privacy.remove_addresses import remove_addresses
from aftercall.store.engine.database import Database
from aftercall.store.retention.removals import OF_THE_SESSION, Deleted, find_removals, remove_rows
from aftercall.store.retention.waiting import delete_waiting, find_waiting

REMOVALS: Final = 5
ROWS: Final = 100
"""Rows of each removal that are deleted in one step."""


async def remove_noted_rows(db: Database) -> None:
    """Remove all rows that are noted, but those that another process removes."""
    has_more = True
    while has_more:
        async with db.write() as tx:
            for _ in range(REMOVALS):
                has_more = await db.in_one_turn(tx, remove_some(tx)) is not None
                if not has_more:
                    break


async def remove_all_waiting(db: Database, app_id: str) -> None:
    """Remove at once the rows of an app that wait for their partition to be dropped."""
    async with db.read() as tx:
        waiting = await find_waiting(tx)
    await remove_waiting_rows(db, waiting, app_id=app_id)


async def remove_waiting_rows(
    db: Database, waiting: Iterable[tuple[int, DataKind]], *, app_id: str | None = None
) -> None:
    """Remove the rows of days and kinds that wait for their partition to be dropped, of one app or
    of all."""
    for day, kind in waiting:
        deleted = ROWS
        while deleted >= ROWS:
            async with db.write() as tx:
                deleted = await delete_waiting(tx, day, kind, ROWS, app_id=app_id)


async def remove_some(tx: AsyncConnection) -> Sequence[Deleted] | None:
    """Remove some rows of one removal; returns how many, by kind, or `None` if nothing is noted."""
    for removal in await find_removals(tx, 1):
        deleted: list[Deleted] = []
        stays = not removal.has(DataKind.SESSIONS) and removal.peer_id != OF_THE_SESSION
        if stays and removal.has(DataKind.ADDRESSES):
            deleted.append(Deleted(DataKind.ADDRESSES, await remove_addresses(tx, removal)))
        return [*deleted, *await remove_rows(tx, removal, ROWS)]
    return None
