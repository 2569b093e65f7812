"""Where an address is and whose network, from the operator's own mmdb files."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import maxminddb

from aftercall.settings import BadSetting

_KEPT: Final = 8_192
"""Addresses remembered; a peer's next batch comes from the same one."""


class Geo:
    """Looks addresses up. Without files it knows nothing, which is no error."""

    def __init__(
        self, places: maxminddb.Reader | None = None, networks: maxminddb.Reader | None = None
    ) -> None:
        self._places = places
        self._networks = networks
        self._locate = lru_cache(maxsize=_KEPT)(self._read)

    @classmethod
    def open(cls, geo_database: str, asn_database: str) -> "Geo":
        """The files the settings name; an empty name: none. Raises `BadSetting`."""
        return cls(_opened("geo_database", geo_database), _opened("asn_database", asn_database))

    def close(self) -> None:
        for reader in (self._places, self._networks):
            if reader is not None:
                reader.close()

    def locate(self, address: str) -> dict[str, Any]:
        """What is known of an address, as the `network` of a peer's description: `city`,
        `region`, `country` (ISO 3166), `timezone`, `org`, `asn`; only what is known."""
        if self._places is None and self._networks is None:
            return {}
        found = self._locate(address)
        return {**found, "asn": dict(found["asn"])} if "asn" in found else dict(found)

    def _read(self, address: str) -> dict[str, Any]:
        try:
            plain = ip_address(address.partition("%")[0])
        except ValueError:
            return {}
        mapped = getattr(plain, "ipv4_mapped", None)
        text = str(mapped or plain)
        return _place(_record(self._places, text)) | _network(_record(self._networks, text))


def _opened(setting: str, path: str) -> maxminddb.Reader | None:
    if not path:
        return None
    try:
        return maxminddb.open_database(Path(path))
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise BadSetting(f"{setting} must name an mmdb file: {error}") from error


def _record(reader: maxminddb.Reader | None, address: str) -> Mapping[str, Any]:
    if reader is None:
        return {}
    try:
        record = reader.get(address)
    except ValueError:
        # An IPv6 address in a file of IPv4 alone.
        return {}
    return record if isinstance(record, dict) else {}


def _name(record: Any, member: str = "names") -> str | None:
    """A place's English name, else any."""
    names = record.get(member) if isinstance(record, dict) else None
    if not isinstance(names, dict) or not names:
        return None
    name = names.get("en", next(iter(names.values())))
    return name if isinstance(name, str) else None


def _place(record: Mapping[str, Any]) -> dict[str, Any]:
    """From MaxMind's and DB-IP's city and country files."""
    regions = record.get("subdivisions")
    country, location = record.get("country"), record.get("location")
    members = {
        "city": _name(record.get("city")),
        "region": _name(regions[0]) if isinstance(regions, list) and regions else None,
        "country": country.get("iso_code") if isinstance(country, dict) else None,
        "timezone": location.get("time_zone") if isinstance(location, dict) else None,
    }
    return {name: value for name, value in members.items() if isinstance(value, str)}


def _network(record: Mapping[str, Any]) -> dict[str, Any]:
    number = record.get("autonomous_system_number")
    org = record.get("autonomous_system_organization")
    found: dict[str, Any] = {}
    if isinstance(org, str):
        found["org"] = org
    if isinstance(number, int):
        found["asn"] = {"asn": f"AS{number}"}
        if isinstance(org, str):
            found["asn"]["name"] = org
    return found
