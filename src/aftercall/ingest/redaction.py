"""The one way from a source's facts to events: addresses shortened, reports encoded."""

from collections.abc import Iterable

from msgspec.structs import replace

from aftercall.core.events import AnyEvent, PeerEvent, SampleTaken
from aftercall.core.privacy import (
    Privacy,
    shorten_address,
    shorten_body,
    shorten_data,
    shorten_text,
    shorten_url,
)
from aftercall.core.quality.stats.getstats import ConnectionBody, SampleBody, encode_body
from aftercall.ingest.getstats_reader import LocalCandidate, RemoteCandidate
from aftercall.ingest.source import (
    AliasLeft,
    Departure,
    Fact,
    ServerGone,
    SessionTimedOut,
    UnencodedSample,
)


def redact(facts: Iterable[Fact], privacy: Privacy) -> list[AnyEvent]:
    """The facts as events, in the same order, with addresses kept as far as `privacy` allows."""
    return [_redact(fact, privacy) for fact in facts]


def _redact(fact: Fact, privacy: Privacy) -> AnyEvent:
    if isinstance(fact, UnencodedSample):
        return SampleTaken(
            id=fact.id,
            at=fact.at,
            meeting_id=fact.meeting_id,
            session_id=fact.session_id,
            peer_id=fact.peer_id,
            sequence=fact.sequence,
            body=encode_body(_shorten(fact.body, privacy)),
        )
    if isinstance(fact, PeerEvent) and privacy is not Privacy.FULL:
        return replace(fact, data=shorten_data(fact.data, privacy))
    return fact


def redact_departure(departure: Departure, privacy: Privacy) -> Departure:
    """The departure with its names as they are in the record, where they were shortened too."""
    match departure:
        case AliasLeft():
            return departure._replace(alias=shorten_text(departure.alias, privacy))
        case ServerGone():
            emitter = departure.emitter
            return departure._replace(emitter=emitter and shorten_text(emitter, privacy))
        case SessionTimedOut():
            return departure


def _shorten(body: SampleBody, privacy: Privacy) -> SampleBody:
    if privacy is Privacy.FULL:
        return body
    connections = body.connections
    if connections and isinstance(connections[0], ConnectionBody):
        return shorten_body(body, privacy)
    # Structs of one type of stats: nearly every report comes by here.
    for connection in connections:
        for stats in connection.stats:
            kind = stats.__class__
            if kind is LocalCandidate:
                stats.address = _kept(stats.address, privacy)
                stats.related_address = _kept(stats.related_address, privacy)
                stats.url = _kept_url(stats.url, privacy)
            elif kind is RemoteCandidate:
                stats.address = _kept(stats.address, privacy)
                stats.url = _kept_url(stats.url, privacy)
    return body


def _kept_url(url: str | None, privacy: Privacy) -> str | None:
    return shorten_url(url, privacy) if url else None


def _kept(address: str | None, privacy: Privacy) -> str | None:
    return shorten_address(address, privacy) if address else None
