from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from aftercall.service.geo import Geo
from aftercall.settings import BadSetting

_MARK = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = 16


_WIDE = {"node_count": (6, 4), "build_epoch": (9, 8), "autonomous_system_number": (6, 4)}
"""Type and length of the whole numbers that do not have two bytes."""


def _head(kind: int, size: int) -> bytes:
    extra = b"" if kind <= 7 else bytes([kind - 7])
    first = 0 if kind > 7 else kind << 5
    if size < 29:
        return bytes([first | size]) + extra
    return bytes([first | 29]) + extra + bytes([size - 29])


def _encoded(value: Any, name: str = "") -> bytes:
    """A value in the MaxMind DB format, version 2."""
    if isinstance(value, dict):
        inner = b"".join(_encoded(k) + _encoded(v, k) for k, v in value.items())
        return _head(7, len(value)) + inner
    if isinstance(value, list):
        return _head(11, len(value)) + b"".join(map(_encoded, value))
    if isinstance(value, int):
        kind, length = _WIDE.get(name, (5, 2))
        return _head(kind, length) + value.to_bytes(length, "big")
    text = str(value).encode()
    return _head(2, len(text)) + text


def _write(path: Path, network: str, record: dict[str, Any]) -> str:
    """An mmdb file with one IPv4 network."""
    parsed = ip_network(network)
    count = parsed.prefixlen
    address = int(parsed.network_address)
    tree = b""
    for depth in range(count):
        is_last = depth == count - 1
        onward = count + _SEPARATOR if is_last else depth + 1
        records = [count, count]
        records[address >> (31 - depth) & 1] = onward
        tree += b"".join(record.to_bytes(3, "big") for record in records)
    about = {
        "node_count": count,
        "record_size": 24,
        "ip_version": 4,
        "database_type": "Test",
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1,
        "description": {"en": "Test"},
    }
    path.write_bytes(tree + b"\0" * _SEPARATOR + _encoded(record) + _MARK + _encoded(about))
    return str(path)


@pytest.fixture
def geo(tmp_path: Path) -> Geo:
    place = {
        "city": {"names": {"de": "Lissabon", "en": "Lisbon"}},
        "subdivisions": [{"names": {"en": "Lisbon District"}}],
        "country": {"iso_code": "PT"},
        "location": {"time_zone": "Europe/Lisbon"},
    }
    network = {
        "autonomous_system_number": 64_500,
        "autonomous_system_organization": "Example Net",
    }
    return Geo.open(
        _write(tmp_path / "city.mmdb", "203.0.113.0/24", place),
        _write(tmp_path / "asn.mmdb", "203.0.113.0/24", network),
    )


@pytest.mark.parametrize("address", ["203.0.113.77", "203.0.113.0", "::ffff:203.0.113.77"])
def test_a_known_address_has_a_location_and_a_network(geo: Geo, address: str) -> None:
    assert geo.locate(address) == {
        "city": "Lisbon",
        "region": "Lisbon District",
        "country": "PT",
        "timezone": "Europe/Lisbon",
        "org": "Example Net",
        "asn": {"asn": "AS64500", "name": "Example Net"},
    }
    geo.close()


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8::1", "fe80::1%eth0", "", "x", "10"])
def test_an_unknown_address_has_neither(geo: Geo, address: str) -> None:
    assert geo.locate(address) == {}
    geo.close()


def test_changing_a_returned_location_does_not_change_the_next(geo: Geo) -> None:
    geo.locate("203.0.113.77")["asn"]["asn"] = "AS1"
    assert geo.locate("203.0.113.77")["asn"]["asn"] == "AS64500"
    geo.close()


def test_without_database_files_no_address_is_known() -> None:
    assert Geo.open("", "").locate("203.0.113.77") == {}


def test_a_file_of_another_shape_gives_its_valid_members(tmp_path: Path) -> None:
    odd = {"city": "Lisbon", "country": {"names": {"en": "Portugal"}}, "location": {}}
    geo = Geo.open(_write(tmp_path / "odd.mmdb", "203.0.113.0/24", odd), "")
    assert geo.locate("203.0.113.1") == {}
    geo.close()


def test_an_invalid_database_file_is_a_bad_setting(tmp_path: Path) -> None:
    (tmp_path / "x.mmdb").write_text("no")
    with pytest.raises(BadSetting, match="asn_database"):
        Geo.open("", str(tmp_path / "x.mmdb"))
    with pytest.raises(BadSetting, match="geo_database"):
        Geo.open(str(tmp_path / "missing.mmdb"), "")
