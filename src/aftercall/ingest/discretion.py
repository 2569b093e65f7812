"""Privacy applied to facts whose translator knows nothing of it."""

from collections.abc import Sequence

from msgspec.structs import replace

from aftercall.core.events import AnyEvent, PeerNoted, SampleTaken
from aftercall.core.privacy import Privacy, shorten_body, shorten_data
from aftercall.core.quality.getstats import decode_body, encode_body


def discreet(events: Sequence[AnyEvent], privacy: Privacy) -> list[AnyEvent]:
    """The events with addresses kept only as far as `privacy` says."""
    if privacy is Privacy.FULL:
        return list(events)
    return [_discreet(event, privacy) for event in events]


def _discreet(event: AnyEvent, privacy: Privacy) -> AnyEvent:
    if isinstance(event, PeerNoted):
        return replace(event, data=shorten_data(event.data, privacy))
    if isinstance(event, SampleTaken):
        return replace(event, body=encode_body(shorten_body(decode_body(event.body), privacy)))
    return event
