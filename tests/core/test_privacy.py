import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.privacy import (
    Privacy,
    shorten_address,
    shorten_body,
    shorten_data,
    shorten_text,
)
from aftercall.core.quality.stats.getstats import decode_body


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("192.168.1.23", "192.168.1.0"),
        ("2001:db8:1:2::5", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.77", "::ffff:203.0.113.0"),
        ("[2001:db8:1:2::5]", "2001:db8:1::"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("0.0.0.0", "0.0.0.0"),
        (
            "2d4f1c3a-58aa-4f1c-9c5e-1b2f3a4d5e6f.local",
            "2d4f1c3a-58aa-4f1c-9c5e-1b2f3a4d5e6f.local",
        ),
        ("turn.example.org", "turn.example.org"),
        ("2001:db8:1:2::5.0.0", None),
    ],
)
def test_the_network_part_of_an_address_is_kept(address: str, kept: str | None) -> None:
    assert shorten_address(address, Privacy.TRUNCATE) == kept
    assert shorten_address(address, Privacy.FULL) == address
    assert shorten_address(address, Privacy.NONE) is None


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_no_host_bits_are_kept(address: IPv4Address | IPv6Address) -> None:
    kept = shorten_address(str(address), Privacy.TRUNCATE)
    assert kept is not None
    if address.is_loopback or address.is_unspecified:
        return
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped is not None:
        assert kept.startswith("::ffff:")
        return
    prefix = 24 if isinstance(address, IPv4Address) else 48
    assert ip_address(kept) == ip_network((address, prefix), strict=False).network_address


@given(st.ip_addresses())
def test_an_address_within_a_text_is_found(address: IPv4Address | IPv6Address) -> None:
    text = f"a=candidate:1 1 udp 2122 {address} 54321 typ srflx raddr {address} rport 1"
    short = shorten_address(str(address), Privacy.TRUNCATE)
    expected = f"a=candidate:1 1 udp 2122 {short} 54321 typ srflx raddr {short} rport 1"
    assert shorten_text(text, Privacy.TRUNCATE) == expected
    assert shorten_text(text, Privacy.NONE).count(" x ") == 2


@pytest.mark.parametrize(
    "text",
    [
        "10:20:30",
        "version 1.2.3.4.5",
        "00:11:22:33:44:55",
        "16:9",
        "Foo::bar failed",
        "999.1.1.1",
        "2026-11-26-08",
        "",
    ],
)
def test_text_without_an_address_is_not_changed(text: str) -> None:
    assert shorten_text(text, Privacy.NONE) == text


def test_an_address_with_a_port_is_shortened() -> None:
    assert shorten_text("203.0.113.77:443", Privacy.TRUNCATE) == "203.0.113.0:443"
    assert shorten_text("[2001:db8:1:2::5]:443", Privacy.TRUNCATE) == "[2001:db8:1::]:443"


def test_the_data_of_a_peer_event_is_shortened_at_any_depth() -> None:
    data = {
        "network": {"ip": "203.0.113.77", "city": "Lisbon", "loc": "38.7,-9.1", "postal": "1000"},
        "browser": {"user_agent": "Chrome/130.0.0.1", "version": "130.0.0.1"},
        "precall": {"sdp": ["c=IN IP4 203.0.113.77"], "rtt_s": 0.05},
    }
    assert shorten_data(data, Privacy.TRUNCATE) == {
        "network": {"ip": "203.0.113.0", "city": "Lisbon"},
        "browser": {"user_agent": "Chrome/130.0.0.1", "version": "130.0.0.1"},
        "precall": {"sdp": ["c=IN IP4 203.0.113.0"], "rtt_s": 0.05},
    }
    assert shorten_data(data, Privacy.NONE)["network"] == {"city": "Lisbon"}
    assert shorten_data(data, Privacy.FULL) == data


def test_only_candidates_of_a_sample_are_shortened() -> None:
    candidate = {"type": "local-candidate", "id": "L", "address": "203.0.113.77", "port": 5}
    candidate |= {"relatedAddress": "10.0.0.9", "url": "turn:turn.example.org"}
    stats = [candidate, {"type": "outbound-rtp", "id": "O", "packetsSent": 5}]
    body = decode_body(msgspec.json.encode({"connections": [{"id": "pc", "stats": stats}]}))
    local, sent = shorten_body(body, Privacy.TRUNCATE).connections[0].stats
    assert (local.address, local.related_address) == ("203.0.113.0", "10.0.0.0")
    assert (local.port, local.url) == (5, "turn:turn.example.org")
    assert sent == body.connections[0].stats[1]
    hidden = shorten_body(body, Privacy.NONE).connections[0].stats[0]
    assert (hidden.address, hidden.related_address) == (None, None)


def test_a_sample_without_addresses_is_the_same_object() -> None:
    body = decode_body(b'{"connections": [{"id": "pc", "stats": []}]}')
    assert shorten_body(body, Privacy.TRUNCATE) is body
    assert shorten_body(body, Privacy.FULL) is body


def dressed(address: str) -> st.SearchStrategy[str]:
    """The forms in which a text contains an address."""
    port = st.integers(1, 65_535)
    is_v6 = ":" in address
    host = f"[{address}]" if is_v6 else address
    ways = [
        st.just(address),
        st.just(f"_{address}_"),
        st.just(f"({address})."),
        st.just(f"Laptop of Ann {address}, docked"),
        port.map(lambda p: f"{host}:{p}"),
        port.map(lambda p: f"turn:{host}:{p}?transport=udp"),
        port.map(lambda p: f"stun:{host}"),
        st.just(f"https://{host}/path"),
        st.just(f"host-{address}"),
    ]
    if not is_v6:
        octets = address.split(".")
        ways += [
            st.just(".".join(octet.zfill(3) for octet in octets)),
            st.just(f"::ffff:{address}"),
            st.just(f"[::ffff:{address}]:443"),
            st.just(f"ip-{'-'.join(octets)}.example.org"),
            st.just(f"{address}.nip.example"),
        ]
    return st.one_of(ways)


public_v4 = (
    st.tuples(*[st.integers(1, 254)] * 4)
    .filter(lambda octets: len(set(octets)) == len(octets) and octets[0] != 127)
    .map(lambda octets: ".".join(map(str, octets)))
)
public_v6 = st.tuples(st.integers(0x2000, 0x3FFF), *[st.integers(1, 0xFFFF)] * 7).map(
    lambda groups: ":".join(f"{group:x}" for group in groups)
)


@given(st.data(), public_v4)
def test_no_host_of_an_ipv4_address_is_kept_however_it_is_written(
    data: st.DataObject, address: str
) -> None:
    text = data.draw(dressed(address))
    short = shorten_text(text, Privacy.TRUNCATE)
    *_, third, host = address.split(".")
    assert not re.search(rf"(?<![0-9]){third}[.-]0*{host}(?![0-9.])", short)
    assert "x" in shorten_text(text, Privacy.NONE)
    assert shorten_text(short, Privacy.TRUNCATE) == short


@given(st.data(), public_v6)
def test_no_host_of_an_ipv6_address_is_kept_however_it_is_written(
    data: st.DataObject, address: str
) -> None:
    text = data.draw(dressed(address))
    short = shorten_text(text, Privacy.TRUNCATE)
    assert ":".join(address.split(":")[3:]) not in short
    assert ":".join(address.split(":")[:3]) in short
    assert shorten_text(short, Privacy.TRUNCATE) == short


def test_the_address_of_a_relay_is_shortened_in_its_url() -> None:
    stats = [{"type": "local-candidate", "id": "L", "url": "turn:203.0.113.77:3478?transport=udp"}]
    body = decode_body(msgspec.json.encode({"connections": [{"id": "pc", "stats": stats}]}))
    (local,) = shorten_body(body, Privacy.TRUNCATE).connections[0].stats
    assert local.url == "turn:203.0.113.0:3478?transport=udp"


def test_device_labels_and_ids_depend_on_the_privacy_level() -> None:
    data = {"device": {"device_id": "a1b2", "label": "AirPods of Ann", "kind": "audioinput"}}
    full, short, none = (shorten_data(data, level)["device"] for level in Privacy)
    assert full == data["device"]
    assert short["label"] == "AirPods of Ann"
    assert short["device_id"] not in ("a1b2", "") and len(short["device_id"]) == 16
    assert none == {"kind": "audioinput"}
    assert shorten_data(data, Privacy.TRUNCATE)["device"] == short


def test_an_address_as_a_member_name_is_shortened() -> None:
    data = {"ways": {"203.0.113.77": 1}}
    assert shorten_data(data, Privacy.TRUNCATE) == {"ways": {"203.0.113.0": 1}}
