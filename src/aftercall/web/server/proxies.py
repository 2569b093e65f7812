"""The address and scheme of a client behind trusted reverse proxies.

A reverse proxy names the client in `Forwarded` (RFC 7239) or in `X-Forwarded-For` and
`X-Forwarded-Proto`. Anybody can send such headers, so they count only when the socket's other end
is a trusted proxy, and only as far back as the chain consists of trusted ones.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

from litestar.types import Scope

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

LOOPBACK: Final = "loopback"
"""Stands for 127.0.0.0/8 and ::1 in the setting."""

MOST_HOPS: Final = 32
"""Entries of a chain that are looked at, the nearest first."""

_PAIR: Final = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^";,\s]+))\s*')
_WITH_PORT: Final = re.compile(r"\[?([^\[\]]+?)\]?(?::\d{1,5})?")
_HEADERS: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto"})


def read_networks(setting: str) -> tuple[Network, ...]:
    """The networks in a setting, separated by commas. Raises `ValueError` for other text."""
    found: list[Network] = []
    for name in filter(None, map(str.strip, setting.split(","))):
        if name == LOOPBACK:
            found += [ip_network("127.0.0.0/8"), ip_network("::1/128")]
        else:
            found.append(ip_network(name, strict=False))
    return tuple(found)


class TrustedProxies:
    """Rewrites `client` and `scheme` of requests that come through trusted proxies."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._is_trusted = lru_cache(maxsize=4_096)(self._look_up)

    def look_at(self, scope: Scope) -> None:
        """Rewrites what has come through a trusted proxy. It is no middleware, which would cost
        every report more than this does."""
        request: Any = scope
        if request["type"] == "lifespan":
            return
        for name, _ in request["headers"]:
            if name in _HEADERS:
                self._rewrite(request)
                return

    def _rewrite(self, request: Any) -> None:
        client = request.get("client")
        if client is None or not self._is_trusted(client[0]):
            return
        headers = [(name, value.decode("latin-1")) for name, value in request["headers"]]
        forwarded = [value for name, value in headers if name == b"forwarded"]
        if forwarded:
            address, scheme = self._from_forwarded(forwarded)
        else:
            chain = ",".join(value for name, value in headers if name == b"x-forwarded-for")
            schemes = [value for name, value in headers if name == b"x-forwarded-proto"]
            address = self._origin(part.strip() for part in chain.split(",") if part.strip())
            scheme = schemes[-1].split(",")[-1].strip().lower() if schemes else None
        if address is not None:
            request["client"] = (str(address), 0)
        if scheme in ("http", "https"):
            is_socket = request["type"] == "websocket"
            request["scheme"] = scheme.replace("http", "ws") if is_socket else scheme

    def _from_forwarded(self, values: Iterable[str]) -> tuple[Address | None, str | None]:
        hops = list(_hops(",".join(values)))
        address = self._origin(hop["for"] for hop in hops if "for" in hop)
        scheme = next((hop["proto"].lower() for hop in reversed(hops) if "proto" in hop), None)
        return address, scheme

    def _origin(self, chain: Iterable[str]) -> Address | None:
        """The nearest address of a chain that is no trusted proxy; the last that can be read
        where all before are trusted, or one hides its name."""
        found: Address | None = None
        for name in list(chain)[: -MOST_HOPS - 1 : -1]:
            address = _address(name)
            if address is None:
                return found
            found = address
            if not self._is_trusted(str(address)):
                return found
        return found

    def _look_up(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)


def _hops(value: str) -> Iterator[dict[str, str]]:
    """The elements of a `Forwarded` header, each as its parameters in lower case."""
    hop: dict[str, str] = {}
    position = 0
    while position < len(value):
        if value[position] == ",":
            yield hop
            hop = {}
            position += 1
        elif value[position] in "; \t":
            position += 1
        elif found := _PAIR.match(value, position):
            quoted, plain = found[2], found[3]
            text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            hop.setdefault(found[1].lower(), text)
            position = found.end()
        else:
            # Not a header that a proxy writes: what comes before it is not believed either.
            return
    yield hop


def _address(name: str) -> Address | None:
    """The address of a node, without brackets and port; mapped IPv4 as IPv4."""
    for text in (name.strip(), *_without_port(name.strip())):
        try:
            address = ip_address(text)
        except ValueError:
            continue
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return mapped or address
    return None


def _without_port(name: str) -> list[str]:
    found = _WITH_PORT.fullmatch(name)
    return [found[1]] if found else []
