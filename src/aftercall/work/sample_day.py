"""Plays the sample day: the simulator, in a process of its own that never outlives this one."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from aftercall.service.sample_day import PlayOrder, SampleDays

PROGRAM: Final = "from aftercall.cli.sample_day import run; run()"
"""It ends when its parent does. The simulator is on a floor above this one, and slow: in a process
of its own it does not hold up requests."""

END_WITHIN_S: Final = 2.0
"""How long the process may take to end when it is asked to."""


class SampleDayFailed(Exception):
    """The simulator could not play; the message is its last line."""


async def play_sample_day(
    days: SampleDays, url: str, payload: Mapping[str, Any], *, program: str = PROGRAM
) -> None:
    """Play the day of a job to the server at `url`. What an earlier attempt has played stays, and
    is not played again."""
    order = await days.begin(payload)
    if order is None:
        return
    try:
        await _play(order, url, program)
    finally:
        await days.end(order)


async def _play(order: PlayOrder, url: str, program: str) -> None:
    # The token goes through the environment, where no list of processes shows it.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        *(url, order.account_id, order.app_id, str(order.seed)),
        env={**os.environ, "SIMULATE_TOKEN": order.secret},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        # A key press that interrupts the server is not for it: the server ends it.
        start_new_session=True,
    )
    try:
        _, complaint = await process.communicate()
    finally:
        await _end(process)
    if process.returncode:
        lines = complaint.decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        raise SampleDayFailed(last or f"The simulator ended with code {process.returncode}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(END_WITHIN_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
