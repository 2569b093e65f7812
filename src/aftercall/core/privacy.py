"""Redaction of network addresses and device ids.

An IP address identifies a household. The default level keeps only the network part, /24 of IPv4 and
/48 of IPv6, as is usual for statistics. mDNS names (`….local`) are random by design and are kept,
and so are loopback and unspecified addresses; level `none` keeps none of them.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from msgspec.structs import replace

from aftercall.core.quality.stats.getstats import ConnectionBody, SampleBody, Stats


class Privacy(StrEnum):
    """How much of an address is kept."""

    FULL = "full"
    TRUNCATE = "truncate"
    NONE = "none"


LARGEST_OCTET: Final = 255

MOST_PARTS: Final = 24
"""The number of parts between colons that are examined; an address has nine at most."""

IPV4_PREFIX: Final = 24
IPV6_PREFIX: Final = 48

_RUN: Final = re.compile(r"[0-9A-Fa-f:.]*[0-9A-Fa-f][:.][0-9A-Fa-f:.]*|::(?:[0-9A-Fa-f:.]*)")
"""A run of the characters of which addresses are written, with at least one separator."""

_IPV4: Final = re.compile(
    r"(?<![0-9])(?<![0-9]\.)([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?![0-9])(?!\.[0-9])"
)

_DASHED_IPV4: Final = re.compile(
    r"(?<![0-9])(?<![0-9]-)([0-9]{1,3}(?:-[0-9]{1,3}){3})(?![0-9])(?!-[0-9])"
)
"""An address as providers write it into host names: `host-203-0-113-77.example`."""

_VERSIONS: Final = frozenset({"version", "os_version", "sdk_version", "user_agent"})
"""Members whose dotted numbers are no addresses."""

_DEVICE_IDS: Final = frozenset({"device_id", "deviceId", "group_id", "groupId"})
_DEVICE_NAMES: Final = _DEVICE_IDS | {"label"}
"""Members that identify a person's device; level `none` drops them."""

_PLACES: Final = frozenset({"loc", "latitude", "longitude", "postal"})
"""Members finer than a city; only level `full` keeps them."""


@lru_cache(maxsize=65_536)
def shorten_address(address: str, privacy: Privacy) -> str | None:
    """What is kept of one address; `None` if nothing is. A text that is no address but has colons
    is dropped, since losing it is better than leaking it."""
    if privacy is Privacy.FULL:
        return address
    if privacy is Privacy.NONE:
        return None
    plain, _, _ = address.strip().strip("[]").partition("%")
    parsed = _parsed(plain)
    if parsed is not None:
        return _network_part(parsed)
    shortened = shorten_text(plain, privacy)
    return None if ":" in plain and shortened == plain else shortened


def _network_part(address: IPv4Address | IPv6Address) -> str:
    if address.is_loopback or address.is_unspecified:
        return str(address)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return f"::ffff:{_network_part(address.ipv4_mapped)}"
    prefix = IPV4_PREFIX if isinstance(address, IPv4Address) else IPV6_PREFIX
    return str(ip_network((address, prefix), strict=False).network_address)


def shorten_text(text: str, privacy: Privacy) -> str:
    """The text with every address in it shortened, or replaced by `x`.

    An address is found with a port or a scheme, in brackets, in the middle of a word, with octets
    padded by zeros, and as a part of a host name.
    """
    if privacy is Privacy.FULL:
        return text
    shortened = _RUN.sub(lambda run: _shorten_run(run[0], privacy), text)
    return _DASHED_IPV4.sub(lambda found: _shorten_dashed(found[1], privacy), shortened)


@lru_cache(maxsize=4_096)
def shorten_url(url: str, privacy: Privacy) -> str:
    """The URL of a TURN or STUN server with the address in it shortened. Results are cached, since
    a call repeats a few URLs."""
    return shorten_text(url, privacy)


def _shorten_run(run: str, privacy: Privacy) -> str:
    """A run of digits and separators with the address in it shortened."""
    groups = [group for group in run.split(":") if group]
    if run.count(":") >= 2 and (len(groups) != 1 or any(map(str.isdigit, run))):
        # Otherwise the run is the middle of a name such as `Foo::bar`.
        inner = run.strip(".")
        for candidate in (inner, inner.removeprefix(":"), inner.removesuffix(":")):
            if (parsed := _parsed(candidate)) is not None:
                return run.replace(candidate, _kept_part(parsed, privacy), 1)
        if "::" in run and (within := _ipv6_within(run)) is not None:
            return run.replace(within, _kept_part(IPv6Address(within), privacy), 1)
    return _IPV4.sub(lambda found: _shorten_ipv4(found[1], privacy), run)


def _ipv6_within(run: str) -> str | None:
    """The longest part of a run, cut at its colons, that is an IPv6 address."""
    parts = run.split(":")[:MOST_PARTS]
    for length in range(len(parts), 2, -1):
        for first in range(len(parts) - length + 1):
            part = ":".join(parts[first : first + length])
            if "::" in part and _parsed(part) is not None:
                return part
    return None


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _shorten_ipv4(written: str, privacy: Privacy) -> str:
    octets = [int(octet) for octet in written.split(".")]
    if max(octets) > LARGEST_OCTET:
        return written
    return _kept_part(IPv4Address(bytes(octets)), privacy)


def _shorten_dashed(written: str, privacy: Privacy) -> str:
    octets = [int(octet) for octet in written.split("-")]
    if max(octets) > LARGEST_OCTET:
        return written
    return _kept_part(IPv4Address(bytes(octets)), privacy).replace(".", "-")


def _kept_part(address: IPv4Address | IPv6Address, privacy: Privacy) -> str:
    return "x" if privacy is Privacy.NONE else _network_part(address)


def shorten_data(data: Mapping[str, Any], privacy: Privacy) -> dict[str, Any]:
    """The data of a peer event with every address in it shortened, at any depth. Places finer than
    a city are dropped."""
    if privacy is Privacy.FULL:
        return dict(data)
    kept: dict[str, Any] = {}
    for given_name, value in data.items():
        name = shorten_text(given_name, privacy)
        if name in _PLACES or (name in _DEVICE_NAMES and privacy is Privacy.NONE):
            continue
        if name in _DEVICE_IDS and isinstance(value, str):
            kept[name] = pseudonym(value)
            continue
        kept[name] = value if name in _VERSIONS else _shorten_value(value, privacy)
        if kept[name] == "x":
            del kept[name]
    return kept


def pseudonym(device_id: str) -> str:
    """The hash that replaces a device id below level `full`. It is the same for the same id, so
    that a switch of devices is visible, and the browser cannot be recognised by it."""
    return sha256(device_id.encode(errors="replace")).hexdigest()[:16] if device_id else ""


def _shorten_value(value: Any, privacy: Privacy) -> Any:
    if isinstance(value, str):
        return shorten_text(value, privacy)
    if isinstance(value, Mapping):
        return shorten_data(value, privacy)
    if isinstance(value, list):
        return [_shorten_value(each, privacy) for each in value]
    return value


def shorten_body(body: SampleBody, privacy: Privacy) -> SampleBody:
    """A report whose candidates' addresses are shortened; the same object if there are none."""
    if privacy is Privacy.FULL:
        return body
    connections = [_shorten_connection(each, privacy) for each in body.connections]
    if all(new is old for new, old in zip(connections, body.connections, strict=True)):
        return body
    return replace(body, connections=connections)


def _shorten_connection(connection: ConnectionBody, privacy: Privacy) -> ConnectionBody:
    stats = connection.stats
    if not any(each.address or each.related_address or each.url for each in stats):
        return connection
    return replace(connection, stats=[_shorten_stats(each, privacy) for each in stats])


def _shorten_stats(stats: Stats, privacy: Privacy) -> Stats:
    if not (stats.address or stats.related_address or stats.url):
        return stats
    return replace(
        stats,
        address=_kept(stats.address, privacy),
        related_address=_kept(stats.related_address, privacy),
        url=None if stats.url is None else shorten_url(stats.url, privacy),
    )


def _kept(address: str | None, privacy: Privacy) -> str | None:
    return None if not address else shorten_address(address, privacy)
