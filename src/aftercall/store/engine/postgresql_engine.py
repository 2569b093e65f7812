"""Connections to PostgreSQL."""

from typing import Final

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

POOL: Final = 10
"""PostgreSQL connections a process keeps; as many again may be opened in a rush."""

CONNECT_WITHIN_S: Final = 5
"""How long PostgreSQL may take to accept a connection; a request that waits longer is better
sent again."""

POOL_WAIT_S: Final = 10
"""How long a transaction waits for one of the pool's connections."""

_POSTGRESQL_SETTINGS: Final = {"jit": "off", "plan_cache_mode": "force_custom_plan"}
"""Our statements are short: compiling one takes longer than running it. And they are planned
each time, which takes 0.3 ms, for their arguments: the plan for any argument was made when the
tables were small, or suits a range of a year where a day is asked for (measured: 40 ms for 3)."""


def postgresql_engine(target: URL) -> AsyncEngine:
    """The pool of a process."""
    return create_async_engine(
        target,
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,
        # Errors are logged, and arguments are people's data.
        hide_parameters=True,
        connect_args={
            "server_settings": _POSTGRESQL_SETTINGS,
            "timeout": CONNECT_WITHIN_S,
        },
    )
