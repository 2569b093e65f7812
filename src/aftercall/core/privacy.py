"""What is kept of network addresses.

An IP address names a household. The default keeps the network part only: /24 of IPv4, /48 of
IPv6, as is usual for statistics. mDNS names (`….local`) are random by design and are kept, and
so are loopback and unspecified addresses; nothing is kept of any of them at level `none`.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from msgspec.structs import replace

from aftercall.core.quality.intervals.getstats import ConnectionBody, SampleBody, Stats


class Privacy(StrEnum):
    """How much of an address is kept."""

    FULL = "full"
    TRUNCATE = "truncate"
    NONE = "none"


IPV4_PREFIX: Final = 24
IPV6_PREFIX: Final = 48

_ADDRESS: Final = re.compile(
    r"(?<![\w.:])(?:"
    r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\w|\.[0-9])"
    r"|(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]{2,39}"
    r"(?:(?<=:)[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?![\w:]|\.[0-9])"
    r")"
)
"""An address within a text, such as an ICE candidate line."""

_VERSIONS: Final = frozenset({"version", "os_version", "sdk_version", "user_agent"})
"""Members whose dotted numbers are no addresses."""

_PLACES: Final = frozenset({"loc", "latitude", "longitude", "postal"})
"""Members finer than a city; kept at level `full` only."""


@lru_cache(maxsize=65_536)
def shorten_address(address: str, privacy: Privacy) -> str | None:
    """What is kept of one address; `None` when nothing is. A text that is no address but has
    the colons of one is not kept either: better lost than leaked."""
    if privacy is Privacy.FULL:
        return address
    if privacy is Privacy.NONE:
        return None
    plain, _, _ = address.strip().strip("[]").partition("%")
    try:
        parsed = ip_address(plain)
    except ValueError:
        return None if ":" in plain else address
    return _network_part(parsed)


def _network_part(address: IPv4Address | IPv6Address) -> str:
    if address.is_loopback or address.is_unspecified:
        return str(address)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return f"::ffff:{_network_part(address.ipv4_mapped)}"
    prefix = IPV4_PREFIX if isinstance(address, IPv4Address) else IPV6_PREFIX
    return str(ip_network((address, prefix), strict=False).network_address)


def shorten_text(text: str, privacy: Privacy) -> str:
    """The text with every address in it shortened, or left out as `x`."""
    if privacy is Privacy.FULL:
        return text

    def shortened(found: re.Match[str]) -> str:
        try:
            ip_address(found[0])
        except ValueError:
            return found[0]
        return shorten_address(found[0], privacy) or "x"

    return _ADDRESS.sub(shortened, text)


def shorten_data(data: Mapping[str, Any], privacy: Privacy) -> dict[str, Any]:
    """A note's data with every address in it shortened, at any depth; places finer than a city
    are left out."""
    if privacy is Privacy.FULL:
        return dict(data)
    kept: dict[str, Any] = {}
    for name, value in data.items():
        if name in _PLACES:
            continue
        kept[name] = value if name in _VERSIONS else _shorten_value(value, privacy)
        if kept[name] == "x":
            del kept[name]
    return kept


def _shorten_value(value: Any, privacy: Privacy) -> Any:
    if isinstance(value, str):
        return shorten_text(value, privacy)
    if isinstance(value, Mapping):
        return shorten_data(value, privacy)
    if isinstance(value, list):
        return [_shorten_value(each, privacy) for each in value]
    return value


def shorten_body(body: SampleBody, privacy: Privacy) -> SampleBody:
    """A report whose candidates' addresses are shortened; the same object when none is."""
    if privacy is Privacy.FULL:
        return body
    connections = [_shorten_connection(each, privacy) for each in body.connections]
    if all(new is old for new, old in zip(connections, body.connections, strict=True)):
        return body
    return replace(body, connections=connections)


def _shorten_connection(connection: ConnectionBody, privacy: Privacy) -> ConnectionBody:
    stats = connection.stats
    if not any(each.address or each.related_address for each in stats):
        return connection
    return replace(connection, stats=[_shorten_stats(each, privacy) for each in stats])


def _shorten_stats(stats: Stats, privacy: Privacy) -> Stats:
    if not (stats.address or stats.related_address):
        return stats
    return replace(
        stats,
        address=_kept(stats.address, privacy),
        related_address=_kept(stats.related_address, privacy),
    )


def _kept(address: str | None, privacy: Privacy) -> str | None:
    return None if not address else shorten_address(address, privacy)
