"""Python imports this first when its folder is on `PYTHONPATH`: it holds the program's clocks at
the moment that a file names, and draws its ids from a seed.

`ANSWERS_CLOCK` names the file, which holds milliseconds since 1970; `ANSWERS_SEED` is any text. The
monotonic clock stands still as well, or the program would find its wall clock set back; uvloop has
its own, so that timers of a server run on.
"""

import os
import random
import time
import uuid

_CLOCK = os.environ["ANSWERS_CLOCK"]
_draw = random.Random(os.environ["ANSWERS_SEED"]).getrandbits


def _held_ns() -> int:
    with open(_CLOCK) as file:
        return int(file.read()) * 1_000_000


def _next_id() -> uuid.UUID:
    return uuid.UUID(int=_draw(128), version=4)


time.time_ns = _held_ns
time.time = lambda: _held_ns() / 1e9
time.monotonic = time.time
uuid.uuid4 = _next_id
