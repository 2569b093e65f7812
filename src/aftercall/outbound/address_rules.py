"""Which addresses requests of this server may go to.

Only those that the whole internet can reach, unless the operator allows a network by name. An
address that contains another (IPv4-mapped, 6to4, NAT64, Teredo) is refused however public the inner
one is, since what it reaches depends on the routers in between.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_NEVER_GLOBAL: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "::/96",  # IPv4-compatible, RFC 4291
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 of a network's own, RFC 8215
        "100::/64",  # discard-only, RFC 6666
        "2001::/23",  # IETF protocol assignments with Teredo and ORCHID, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)
"""Networks that `ipaddress` calls global in some of the versions of Python that run this."""


def read_networks(setting: str) -> tuple[Network, ...]:
    """The networks in a setting, separated by commas. Raises `ValueError` for other text."""
    return tuple(ip_network(name) for name in filter(None, map(str.strip, setting.split(","))))


class AddressRules:
    """Says whether a request may go to an address."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def allows(self, text: str) -> bool:
        """Whether requests may go to this IP address; never to text that is none."""
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._allowed) or _is_public(address)


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not any(address in network for network in _NEVER_GLOBAL)
    )
