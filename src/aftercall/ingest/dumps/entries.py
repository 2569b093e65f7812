"""What the readers of all formats return, in the order of the file."""

from typing import Any, Final, NamedTuple, TypeAlias

from aftercall.core.errors import Malformed

EARLIEST_MS: Final = 1_293_840_000_000
"""2011-01-01: WebRTC's first year. An earlier time is no time of day, but one since the start of a
page or machine."""


class BadDump(Malformed):
    """A file that cannot be imported; the message says why, for its owner."""

    code = "bad_dump"


class Describes(NamedTuple):
    """What the file says of the page and its browser. What it does not say is `None`."""

    user_agent: str | None = None
    url: str | None = None
    name: str | None = None
    """Whoever took part, as the page named them."""
    call_id: str | None = None
    """The call, as the page named it."""
    cpus: int | None = None
    memory_gb: float | None = None


class Client(NamedTuple):
    """The entries that follow are of this client; files of one client do not say so."""

    id: str


class StatsReport(NamedTuple):
    """One getStats report of one connection."""

    at_ms: float
    connection: str
    stats: list[dict[str, Any]]
    """W3C stats objects, each with its `id` and `type`."""


class Signal(NamedTuple):
    """A call of the page or an event of a connection, under rtcstats' name for it."""

    at_ms: float
    connection: str | None
    """`None` for the page."""
    method: str
    value: Any


class LeftOut(NamedTuple):
    """Something that was not read, and why, in a few words."""

    reason: str
    times: int = 1


Entry: TypeAlias = Client | Describes | StatsReport | Signal | LeftOut

CUT: LeftOut = LeftOut("the file ends in the middle: what came before was read")
