"""Facts and verdicts without addresses, and without what was derived from them and is finer than a
country."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from aftercall.core.overview.digest import Digest, without_place
from aftercall.core.privacy import Privacy, shorten_text
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.quality.stats.peer_metadata import (
    CandidatePair,
    CandidatePairs,
    ClientEvent,
    Metadata,
    Network,
)
from aftercall.core.records import StoredPeerEvent

_DERIVED: Final = frozenset(
    {
        *("ip", "ipv4", "ipv6", "city", "region", "postal", "timezone", "org", "asn"),
        *("loc", "latitude", "longitude", "ip_location"),
    }
)
"""Members that hold an address, or what a database of addresses knows of one."""

_VERSIONS: Final = frozenset({"version", "os_version", "sdk_version", "user_agent"})
"""Members whose dotted numbers are no addresses."""


def event_without_addresses(event: StoredPeerEvent) -> StoredPeerEvent:
    """The event; the same object if it holds no address."""
    data = data_without_addresses(event.data)
    return event if data == event.data else replace(event, data=data)


def data_without_addresses(data: Mapping[str, Any]) -> dict[str, Any]:
    """JSON without members that were derived from addresses, and with each address in a text
    replaced by `x`."""
    return {
        shorten_text(name, Privacy.NONE): value
        if name in _VERSIONS and isinstance(value, str)
        else _value_without_addresses(value)
        for name, value in data.items()
        if name not in _DERIVED
    }


def _value_without_addresses(value: Any) -> Any:
    if isinstance(value, str):
        return shorten_text(value, Privacy.NONE)
    if isinstance(value, Mapping):
        return data_without_addresses(value)
    if isinstance(value, list):
        return [_value_without_addresses(each) for each in value]
    return value


def verdict_without_addresses(verdict: Verdict) -> Verdict:
    """A copy of the verdict; its rows hold no addresses."""
    return replace(verdict, metadata=metadata_without_addresses(verdict.metadata))


def metadata_without_addresses(metadata: Metadata) -> Metadata:
    network, pairs = metadata.network, metadata.candidate_pairs
    return replace(
        metadata,
        network=Network(effective_type=network.effective_type, country=network.country),
        precalls=[replace(each, sdp=None) for each in metadata.precalls],
        happenings=[_happening(each) for each in metadata.happenings],
        candidate_pairs=CandidatePairs(
            producing=[_pair(each) for each in pairs.producing],
            consuming=[_pair(each) for each in pairs.consuming],
        ),
    )


def _happening(event: ClientEvent) -> ClientEvent:
    return replace(event, data=data_without_addresses(event.data))


def _pair(pair: CandidatePair) -> CandidatePair:
    return replace(
        pair,
        local_candidate_address=None,
        local_candidate_url=None,
        local_candidate_related_address=None,
        remote_candidate_address=None,
        remote_candidate_url=None,
    )


def digest_without_addresses(digest: Digest) -> Digest:
    """The digest; it holds no address, but a place and a provider that were derived from one."""
    return replace(digest, city=None, where=without_place(digest.where))
