"""What the door itself knows of a sender, and privacy for facts whose translator knows none."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from aftercall.core.events import INTERVAL_ASKED, AnyEvent, PeerEvent, PeerJoined, SampleTaken
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy, shorten_body, shorten_data
from aftercall.core.quality.stats.getstats import decode_body, encode_body


def redact(events: Sequence[AnyEvent], privacy: Privacy) -> list[AnyEvent]:
    """The events with addresses kept only as far as `privacy` says."""
    if privacy is Privacy.FULL:
        return list(events)
    return [_redact(event, privacy) for event in events]


def _redact(event: AnyEvent, privacy: Privacy) -> AnyEvent:
    if isinstance(event, PeerEvent):
        return replace(event, data=shorten_data(event.data, privacy))
    if isinstance(event, SampleTaken):
        return replace(event, body=encode_body(shorten_body(decode_body(event.body), privacy)))
    return event


def with_address(
    events: Sequence[AnyEvent],
    network: Mapping[str, Any],
    *,
    app_id: str,
    privacy: Privacy,
) -> list[AnyEvent]:
    """The events, each join preceded by a description of the `network` the peer came from.

    It is dated just before the join, so that whatever the client says itself comes later and
    wins.
    """
    joins = _joins(events)
    if not joins or not network:
        return list(events)
    seen = [
        PeerEvent(
            id=id_from(app_id, join.peer_id, "address"),
            at=EpochMs(join.at - 1),
            peer_id=join.peer_id,
            name="describe",
            data=shorten_data({"network": dict(network)}, privacy),
        )
        for join in joins
    ]
    return [*events, *seen]


def with_interval(events: Sequence[AnyEvent], asked_ms: int, *, app_id: str) -> list[AnyEvent]:
    """The events, each join followed by a note when its client is asked, in the answer, for
    another interval than it named."""
    asked = [
        PeerEvent(
            id=id_from(app_id, join.peer_id, INTERVAL_ASKED, str(asked_ms)),
            at=join.at,
            peer_id=join.peer_id,
            name=INTERVAL_ASKED,
            data={"interval_ms": asked_ms},
        )
        for join in _joins(events)
        if join.interval_ms != asked_ms
    ]
    return [*events, *asked]


def _joins(events: Sequence[AnyEvent]) -> list[PeerJoined]:
    return [event for event in events if isinstance(event, PeerJoined)]
