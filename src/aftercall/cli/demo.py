"""The simulated calls of `aftercall serve --demo`: a working day at once, and live ones."""

import asyncio
import os
import sys

from aftercall.cli.simulate import Day, LiveDay, draw_seed, play_all
from aftercall.simulator.http_player import Player, PlayFailed, Server

_DAY_AT_ONCE = 2
_LIVE_AT_ONCE = 5


def run() -> None:
    """Play to the server named by the arguments: URL, account id, app id; until interrupted."""
    url, account_id, app_id = sys.argv[1:]
    server = Server(
        url=url, account_id=account_id, app_id=app_id, token=os.environ["SIMULATE_TOKEN"]
    )
    try:
        asyncio.run(_play(server, draw_seed()))
    except KeyboardInterrupt:
        sys.exit(130)
    except PlayFailed as failed:
        sys.exit(f"aftercall: {failed}")


async def _play(server: Server, seed: int) -> None:
    await asyncio.gather(
        play_all(Day(seed), Player(server, speed=None), at_once=_DAY_AT_ONCE),
        play_all(LiveDay(seed), Player(server, speed=1.0), at_once=_LIVE_AT_ONCE),
    )
