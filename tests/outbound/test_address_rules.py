"""Which addresses are public."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.outbound.address_rules import AddressRules, read_networks

REFUSED = (
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::8.8.8.8",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:0808:0808::1",
    "3fff::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff0e::1",
    "localhost",
    "8.8.8.8.",
    "",
)


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not AddressRules().allows(address)


@pytest.mark.parametrize("address", ("1.1.1.1", "8.8.8.8", "2606:4700::1", "2a00:1450::1"))
def test_a_public_address_is_allowed(address: str) -> None:
    assert AddressRules().allows(address)


def test_a_network_that_the_operator_names_is_allowed_and_no_other() -> None:
    rules = AddressRules(read_networks("10.1.0.0/16, fd00:1::/32"))
    assert rules.allows("10.1.255.1")
    assert rules.allows("fd00:1::5")
    assert not rules.allows("10.2.0.1")
    assert not rules.allows("::ffff:10.1.0.1")


@pytest.mark.parametrize("setting", ("10.1.0.0/33", "loopback", "10.1.2.3/16"))
def test_a_setting_that_names_no_networks_cannot_be_read(setting: str) -> None:
    with pytest.raises(ValueError):
        read_networks(setting)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_never_a_way_around(inner: IPv4Address) -> None:
    rules = AddressRules([ip_network(inner)])
    number = int(inner)
    outers = (
        IPv6Address(number),
        IPv6Address((0xFFFF << 32) + number),
        IPv6Address((0x64FF9B << 96) + number),
        IPv6Address((0x2002 << 112) + (number << 80)),
    )
    assert not [str(outer) for outer in outers if rules.allows(str(outer))]
