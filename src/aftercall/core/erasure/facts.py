"""What stays of a person's facts: technical states, numbers and times, nothing that names anybody.

Members are kept by name. What a source sends beyond them is dropped, since nobody can know what it
says of a person.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.ids import id_from
from aftercall.core.quality.stats.fold_metadata import DEVICE_LISTS, SELECTIONS

_STATES: Final = frozenset(
    {
        "code",
        "connection",
        "effective_type",
        "emitter",
        "kind",
        "media",
        "mid",
        "source",
        "state",
        "substream",
        "type",
    }
)
"""Texts of peer events that say how something is, not who it is."""

_PLACES: Final = frozenset({"lat", "latitude", "lng", "loc", "lon", "longitude", "phone", "postal"})
"""Numbers that tell where somebody is, or how to reach somebody."""

_DESCRIBED: Final[Mapping[str, frozenset[str]]] = {
    "device": frozenset({"is_mobile", "os", "os_version", "cpus", "memory_gb"}),
    "browser": frozenset({"name", "version", "engine", "webgl"}),
    "sdk": frozenset({"name", "version", "type"}),
    "application": frozenset({"name", "version"}),
    "encoder": frozenset({"audio", "video"}),
    "network": frozenset({"effective_type", "country"}),
}
"""The members that stay of what a peer described, by group."""

_PRECALL_TEXTS: Final = frozenset({"effective_type"})
_ADDRESSES: Final = ("address", "relatedAddress", "url")
_TAG_IDS: Final = ("producer_id", "consumer_id", "peer_id", "track_id")
"""Members of a stream's tag in which a client may write any id."""

REMOTE: Final = "remote-candidate"
CANDIDATES: Final = frozenset({"local-candidate", REMOTE})

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


def erase_event(name: str, data: Mapping[str, Any], pseudonym: str) -> dict[str, Any]:
    """What stays of the data of the person's own peer event."""
    if name == "describe":
        return _description(data)
    if name in DEVICE_LISTS:
        devices = data.get("devices")
        listed = devices if isinstance(devices, list) else []
        return {"devices": [erase_device(each, pseudonym) for each in listed]}
    if name in SELECTIONS:
        return {"device": erase_device(data.get("device"), pseudonym)}
    return states_of(data)


def erase_other_event(data: Mapping[str, Any], mentions: PersonMentions) -> dict[str, Any]:
    """The data of another participant's peer event without mentions of the person."""
    return {
        member: value if member in _STATES else mentions.replace_in(value)
        for member, value in data.items()
    }


def states_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The states and numbers of an event's data."""
    return {
        member: value
        for member, value in data.items()
        if (_is_number(value) and member not in _PLACES)
        or (isinstance(value, str) and member in _STATES)
    }


def erase_device(device: Any, pseudonym: str) -> dict[str, Any]:
    """A device without its label; its id differs in every session."""
    if not isinstance(device, Mapping):
        return {}
    kept = {"kind": device["kind"]} if isinstance(device.get("kind"), str) else {}
    known = device.get("device_id") or device.get("label")
    if isinstance(known, str):
        kept["device_id"] = id_from(pseudonym, "device", known)[:16]
    return kept


def _description(data: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for group, members in _DESCRIBED.items():
        found = data.get(group)
        if isinstance(found, Mapping):
            kept[group] = {name: value for name, value in found.items() if name in members}
    if isinstance(data.get("room_view_type"), str):
        kept["room_view_type"] = data["room_view_type"]
    precall = data.get("precall")
    if isinstance(precall, Mapping):
        kept["precall"] = {
            name: value
            for name, value in precall.items()
            if _is_number(value) or name in _PRECALL_TEXTS
        }
    return kept


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float)


def addresses_in(body: bytes) -> set[str]:
    """The addresses of the local candidates of a report."""
    found: set[str] = set()
    for stats in _stats_of(_decode(body)):
        if stats.get("type") == "local-candidate":
            found.update(
                value for name in _ADDRESSES[:2] if isinstance(value := stats.get(name), str)
            )
    return found - {""}


def erase_own_sample(body: bytes, known: KnownAs) -> bytes:
    """The person's own report without addresses."""
    return _erase_sample(body, known, lambda stats: stats.get("type") in CANDIDATES)


def erase_other_sample(body: bytes, known: KnownAs) -> bytes:
    """Another participant's report without the person's addresses."""

    def is_of_person(stats: Mapping[str, Any]) -> bool:
        return stats.get("type") == REMOTE and stats.get("address") in known.addresses

    return _erase_sample(body, known, is_of_person)


def _erase_sample(
    body: bytes, known: KnownAs, has_address: Callable[[Mapping[str, Any]], bool]
) -> bytes:
    """The report; the same object if nothing of it changes."""
    report = _decode(body)
    if not isinstance(report, dict):
        return body
    changed = False
    for stats in _stats_of(report):
        if has_address(stats):
            for name in _ADDRESSES:
                changed |= stats.pop(name, None) is not None
    for tag in report.get("streams") or ():
        for name in _TAG_IDS:
            if tag.get(name) in known.ids:
                tag[name] = known.pseudonym
                changed = True
    return _encode(report) if changed else body


def _stats_of(report: Any) -> list[dict[str, Any]]:
    if not isinstance(report, dict):
        return []
    return [
        stats
        for connection in report.get("connections") or ()
        for stats in connection.get("stats") or ()
    ]
