"""Which stream one participant sent is which that others received."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec


class StreamId(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All that names a stream; which of it there is depends on the source."""

    family: str
    ssrc: int | None = None
    mid: str | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    from_peer_id: str | None = None
    """The peer a received stream comes from."""


class Party(NamedTuple):
    """A participant's peers and streams."""

    peer_ids: Collection[str]
    streams: Sequence[StreamId]


class End(NamedTuple):
    """One end of a stream: whose, and which of his."""

    row_id: str
    stream: StreamId | None


def stream_key(
    family: str,
    ssrc: int | None,
    mid: str | None,
    consumer_id: str | None,
    producer_id: str | None,
) -> str:
    """What a stream is called within its participant: `audio_consumer:1234`."""
    name = next((each for each in (ssrc, mid, consumer_id, producer_id) if each is not None), "")
    return f"{family}:{name}"


def sender_of(listener: str, stream: StreamId, parties: Mapping[str, Party]) -> End | None:
    """Who sent what a participant received: by the producer's id, by the peer named, by the
    SSRC where nobody rewrites it, or because there is nobody else."""
    family = stream.family.replace("_consumer", "_producer")
    others = {row_id: party for row_id, party in parties.items() if row_id != listener}
    sent = [
        End(row_id, each)
        for row_id, party in others.items()
        for each in party.streams
        if each.family == family
    ]
    if stream.producer_id is not None:
        for end in sent:
            if end.stream is not None and end.stream.producer_id == stream.producer_id:
                return end
    by_ssrc = [
        end
        for end in sent
        if stream.ssrc is not None and end.stream is not None and end.stream.ssrc == stream.ssrc
    ]
    if stream.from_peer_id is not None:
        for row_id, party in others.items():
            if stream.from_peer_id in party.peer_ids:
                return _of_row(row_id, by_ssrc) or _of_row(row_id, sent) or End(row_id, None)
        return None
    if len({end.row_id for end in by_ssrc}) == 1:
        return by_ssrc[0]
    if len(others) == 1:
        row_id = next(iter(others))
        return _of_row(row_id, sent) or End(row_id, None)
    return None


def _of_row(row_id: str, ends: Sequence[End]) -> End | None:
    """His only stream among these."""
    own = [end for end in ends if end.row_id == row_id]
    return own[0] if len(own) == 1 else None


def listeners_of(sender: str, stream: StreamId, parties: Mapping[str, Party]) -> list[End]:
    """Who received what a participant sent, each stream once."""
    family = stream.family.replace("_producer", "_consumer")
    found: dict[tuple[str, int | str | None], End] = {}
    for row_id, party in parties.items():
        if row_id == sender:
            continue
        for each in party.streams:
            if each.family == family:
                end = sender_of(row_id, each, parties)
                if end is not None and end.row_id == sender and _is_same(end.stream, stream):
                    name = each.ssrc if each.ssrc is not None else each.consumer_id
                    found.setdefault((row_id, name), End(row_id, each))
    return list(found.values())


def _is_same(one: StreamId | None, other: StreamId) -> bool:
    """Whether they can be one stream; of a stream nobody names, that is all there is to say."""
    if one is None:
        return True
    if one.producer_id is not None and other.producer_id is not None:
        return one.producer_id == other.producer_id
    return one.ssrc == other.ssrc
