"""Turns at SQLite's one writer, within a process."""

import asyncio


class Turn:
    """A lock that counts who waits for it: a long job of little importance ends its transaction
    early when somebody does."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.waiting = 0
        """How many wait for their turn."""

    async def __aenter__(self) -> None:
        self.waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self.waiting -= 1

    async def __aexit__(self, *_error: object) -> None:
        self._lock.release()
