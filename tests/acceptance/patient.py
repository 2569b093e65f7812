"""Requests that wait as long as a machine with other work needs: what answers in a moment on a
free one may take half a minute where everything waits for a processor."""

from functools import partial
from typing import Final

import httpx

PATIENCE_S: Final = 120.0
PATIENCE_MS: Final = 1_000 * PATIENCE_S

get = partial(httpx.get, timeout=PATIENCE_S)
post = partial(httpx.post, timeout=PATIENCE_S)
Client = partial(httpx.Client, timeout=PATIENCE_S)
AsyncClient = partial(httpx.AsyncClient, timeout=PATIENCE_S)
