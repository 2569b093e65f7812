"""HTTP requests with a timeout that fits a busy machine: a server that answers at once on an idle
one may take half a minute where all processes wait for a processor."""

from functools import partial
from typing import Final

import httpx

TIMEOUT_S: Final = 120.0
TIMEOUT_MS: Final = 1_000 * TIMEOUT_S

get = partial(httpx.get, timeout=TIMEOUT_S)
post = partial(httpx.post, timeout=TIMEOUT_S)
Client = partial(httpx.Client, timeout=TIMEOUT_S)
AsyncClient = partial(httpx.AsyncClient, timeout=TIMEOUT_S)
