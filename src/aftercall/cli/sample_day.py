"""The process that plays a sample day; `aftercall.work.sample_day` starts and ends it."""

import asyncio
import os
import sys
import threading
from typing import Final

from aftercall.cli.simulate import Day, play_all
from aftercall.simulator.http_player import Player, PlayFailed, Server

LOOK_EVERY_S: Final = 1.0
"""How often it checks that the server that started it still runs."""

_AT_ONCE: Final = 2
_NICENESS: Final = 10
"""Requests to the server come first."""


def run() -> None:
    """Play to the server named by the arguments: URL, account id, app id, seed."""
    _end_with_parent()
    os.nice(_NICENESS)
    url, account_id, app_id, seed = sys.argv[1:]
    server = Server(
        url=url, account_id=account_id, app_id=app_id, token=os.environ["SIMULATE_TOKEN"]
    )
    try:
        asyncio.run(play_rest(int(seed), Player(server, speed=None)))
    except PlayFailed as failed:
        sys.exit(f"The simulator failed: {failed}")


async def play_rest(seed: int, player: Player) -> None:
    """Play the calls of the day that the app does not hold yet."""
    day = Day(seed)
    held = {
        number
        for number in day.numbers()
        if await player.is_known(day.call(number, player).first_peer_id())
    }
    await play_all(Day(seed, skip=frozenset(held)), player, at_once=_AT_ONCE)


def _end_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(LOOK_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
