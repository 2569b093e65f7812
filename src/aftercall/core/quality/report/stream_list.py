"""Lists the streams of a participant: each once, as last described."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_matching import StreamId
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.report.write_interval_rows import producer_id_of
from aftercall.core.quality.stats.report_linker import PRODUCERS, Family, StreamDescription

MOST_STREAMS: Final = 1_000


def described_streams(tables: Iterable[IntervalTable]) -> list[StreamId]:
    """The streams in one peer's tables, whose rows are ordered by time. Streams are distinguished
    by their sender, since a server may reuse an SSRC."""
    found: dict[object, StreamId] = {}
    for table in tables:
        index = table.description_index
        places, firsts = np.unique(index, return_index=True)
        lasts = len(index) - 1 - np.unique(index[::-1], return_index=True)[1]
        named = {place: _stream_id(table.family, table.descriptions[place]) for place in places}
        for place in places[np.argsort(firsts)]:
            found.setdefault(_name(named[place]), named[place])
        for place in places[np.argsort(lasts)]:
            found[_name(named[place])] = named[place]
    return list(found.values())


def list_streams(peers: Sequence[Sequence[StreamId]]) -> list[StreamId]:
    """The streams of a participant's peers, by family. Rows from before the sender of a stream was
    known belong to the later one."""
    found: dict[object, StreamId] = {}
    for family in Family:
        for streams in peers:
            found |= {_name(each): each for each in streams if each.family == family.value}
    tagged = {each.key for each in found.values() if _has_sender(each)}
    kept = [each for each in found.values() if _has_sender(each) or each.key not in tagged]
    return kept[:MOST_STREAMS]


def screenshare_instants(tables: Iterable[IntervalTable]) -> list[EpochMs]:
    """The ends of the intervals in which a screen was sent."""
    shared = [t.at for t in tables if t.family is Family.SCREENSHARE_VIDEO_PRODUCER]
    return [EpochMs(int(at)) for at in np.unique(np.concatenate(shared))] if shared else []


def _name(stream: StreamId) -> tuple[str, str | None, str | None]:
    return stream.key, stream.producer_id, stream.from_peer_id


def _has_sender(stream: StreamId) -> bool:
    return bool(stream.producer_id or stream.from_peer_id)


def _stream_id(family: Family, description: StreamDescription) -> StreamId:
    """The ids of a stream as its rows give them."""
    if family in PRODUCERS:
        producer_id: str | None = producer_id_of(description)
        consumer_id = from_peer_id = None
    else:
        producer_id, consumer_id = description.producer_id, description.consumer_id
        from_peer_id = description.peer_id
    return StreamId(
        family=family.value,
        ssrc=description.ssrc,
        mid=description.mid,
        producer_id=producer_id,
        consumer_id=consumer_id,
        from_peer_id=from_peer_id,
    )
