"""Removes the rows of deleted sessions at once, rather than when retention comes to them."""

from typing import Final

from aftercall.store.engine.database import Database
from aftercall.store.retention.removals import find_removals, remove_rows

REMOVALS: Final = 5
ROWS: Final = 100
"""Rows of each removal that are deleted in one transaction."""


async def remove_noted_rows(db: Database) -> None:
    """Remove all rows that are noted, but those that another process removes."""
    while True:
        async with db.write() as tx:
            found = await find_removals(tx, REMOVALS)
            for removal in found:
                await remove_rows(tx, removal, ROWS)
        if not found:
            return
