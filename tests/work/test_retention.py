"""Retention runs by itself, and a run that fails does not end it."""

import asyncio
from collections import Counter
from collections.abc import Mapping

from aftercall.core.errors import Unavailable
from aftercall.core.retention import DataKind
from aftercall.service.retention.deletion import Deletion
from aftercall.work.retention import run_retention


class Failing(Deletion):
    """Fails twice, then stops whoever runs it."""

    def __init__(self) -> None:
        self.runs = 0

    async def run(self, stop: asyncio.Event | None = None) -> Mapping[DataKind, int]:
        self.runs += 1
        if self.runs == 1:
            raise Unavailable("away")
        if self.runs == 2:
            raise ValueError("broken")
        assert stop is not None
        stop.set()
        return Counter({DataKind.CHAT: 1})


async def test_a_run_that_fails_is_followed_by_the_next() -> None:
    deletion = Failing()
    await run_retention(deletion, asyncio.Event(), every_s=0)
    assert deletion.runs == 3
