"""Locks by key: callers who ask for the same thing at once wait for one answer."""

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

K = TypeVar("K", bound=Hashable)


class KeyedLocks(Generic[K]):
    """A lock for each key, dropped when nobody holds it or waits for it. Used from one event
    loop."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """The number of locks that somebody holds or waits for."""
        return len(self._locks)

    def of(self, key: K) -> asyncio.Lock:
        """The lock of a key: the same one as long as anybody holds it or waits for it."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock
