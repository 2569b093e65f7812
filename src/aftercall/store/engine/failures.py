"""Which failures of the database pass by themselves, so that the same request may be sent again.

PostgreSQL names its failures by SQLSTATE (PostgreSQL manual, appendix A), SQLite by result codes
(sqlite.org, "Result and Error Codes"); what has neither is a connection that broke.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import InterfaceError as WrappedInterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_CONFLICT_CLASS: Final = "40"
"""Serialization failures and deadlocks: the transaction lost against another one."""

_OUTAGE_CLASSES: Final = frozenset({"08", "53", "57", "58"})
"""Connection exception, insufficient resources, operator intervention, system error."""

_READ_ONLY: Final = "25006"
"""read_only_sql_transaction: a standby, or a server whose operator forbids writes."""

_LOCK_NOT_AVAILABLE: Final = "55P03"

_SQLITE_OUTAGES: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_SQLITE_SPOILT: Final = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)
"""After these a connection may fail for ever: a file that was opened while it was read-only stays
so for that connection, and the handle of a file whose disk was away stays stale."""

_PRIMARY_CODE: Final = 0xFF


class PassingFailure(NamedTuple):
    """A failure that passes."""

    reason: str
    is_outage: bool
    """Whether the database as a whole is unavailable, rather than one transaction having lost
    against another."""
    spoils_connections: bool = False
    """Whether connections opened so far may fail even when the database is back."""


def passing_failure(error: BaseException) -> PassingFailure | None:
    """The temporary failure that an exception stands for; `None` if a retry will not help."""
    for each in _chain(error):
        if (state := _sqlstate(each)) is not None:
            return _of_sqlstate(state, each)
        if isinstance(each, sqlite3.Error):
            return _of_sqlite(each)
    for each in _chain(error):
        if _is_broken_connection(each):
            return PassingFailure(f"{type(each).__name__}: {_line(each)}", is_outage=True)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and its causes, outermost first."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        wrapped = found.orig if isinstance(found, DBAPIError) else None
        found = wrapped or found.__cause__


def _sqlstate(error: BaseException) -> str | None:
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) and len(state) == 5 else None


def _of_sqlstate(state: str, error: BaseException) -> PassingFailure | None:
    reason = f"SQLSTATE {state}: {_line(error)}"
    if state[:2] == _CONFLICT_CLASS or state == _LOCK_NOT_AVAILABLE:
        return PassingFailure(reason, is_outage=False)
    if state[:2] in _OUTAGE_CLASSES or state == _READ_ONLY:
        return PassingFailure(reason, is_outage=True)
    return None


def _of_sqlite(error: sqlite3.Error) -> PassingFailure | None:
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(code, int) or code & _PRIMARY_CODE not in _SQLITE_OUTAGES:
        return None
    return PassingFailure(
        f"{error.sqlite_errorname}: {_line(error)}",
        is_outage=True,
        spoils_connections=code & _PRIMARY_CODE in _SQLITE_SPOILT,
    )


def _is_broken_connection(error: BaseException) -> bool:
    # asyncpg is imported lazily: a server on SQLite does without it.
    from asyncpg import DataError, InterfaceError  # noqa: PLC0415 - only for PostgreSQL

    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, InterfaceError):
        return not isinstance(error, DataError)
    return isinstance(error, WrappedInterfaceError | PoolTimeout | OSError | TimeoutError)


def _line(error: BaseException) -> str:
    """The first line of an exception's text, cut."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else ""
