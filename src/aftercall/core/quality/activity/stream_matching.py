"""Which stream one participant sent is which that others received."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Self

import msgspec

from aftercall.core.quality.issues import StreamRef


class StreamId(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All that names a stream; which of it there is depends on the source."""

    family: str
    ssrc: int | None = None
    mid: str | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    from_peer_id: str | None = None
    """The peer a received stream comes from."""

    @classmethod
    def of(cls, family: str, ref: StreamRef) -> Self:
        """The stream of a family that a reference is about."""
        return cls(
            family=family,
            ssrc=ref.ssrc,
            mid=ref.mid,
            producer_id=ref.producer_id,
            consumer_id=ref.consumer_id,
            from_peer_id=ref.from_peer_id,
        )

    @property
    def key(self) -> str:
        """What the stream is called within its participant."""
        return stream_key(self.family, self.ssrc, self.mid, self.consumer_id, self.producer_id)

    @property
    def is_sent(self) -> bool:
        return self.family.endswith("_producer")


class ParticipantStreams(NamedTuple):
    """A participant's peers and streams."""

    peer_ids: Collection[str]
    streams: Sequence[StreamId]


class StreamEnd(NamedTuple):
    """One end of a stream: whose, and which of his."""

    participant_id: str
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


class StreamMatching:
    """Finds the other ends of the streams of a session. What is looked for is indexed once, so
    that an answer takes as long as it is, however many streams there are."""

    def __init__(self, participants: Mapping[str, ParticipantStreams]) -> None:
        self._participants = participants
        self._participants_of_peer: dict[str, list[str]] = {}
        self._by_producer: dict[tuple[str, str], list[StreamEnd]] = {}
        """The first stream of each row."""
        self._by_ssrc: dict[tuple[str, int], dict[str, list[StreamEnd]]] = {}
        self._by_row: dict[tuple[str, str], list[StreamEnd]] = {}
        for participant_id, participant in participants.items():
            for peer_id in participant.peer_ids:
                self._participants_of_peer.setdefault(peer_id, []).append(participant_id)
            for stream in participant.streams:
                self._add(StreamEnd(participant_id, stream), stream)

    def _add(self, end: StreamEnd, stream: StreamId) -> None:
        self._by_row.setdefault((end.participant_id, stream.family), []).append(end)
        if stream.producer_id is not None:
            named = self._by_producer.setdefault((stream.family, stream.producer_id), [])
            if all(each.participant_id != end.participant_id for each in named[-1:]):
                named.append(end)
        if stream.ssrc is not None:
            rows = self._by_ssrc.setdefault((stream.family, stream.ssrc), {})
            rows.setdefault(end.participant_id, []).append(end)

    def of(self, participant_id: str, stream: StreamId) -> list[StreamEnd]:
        """The other ends of a participant's stream: its listeners, or its sender if known."""
        if stream.is_sent:
            return self.listeners_of(participant_id, stream)
        sender = self.sender_of(participant_id, stream)
        return [sender] if sender is not None else []

    def of_everybody(self) -> dict[str, dict[str, list[StreamEnd]]]:
        """The other ends of all streams, by participant and by what the stream is called."""
        found: dict[str, dict[str, list[StreamEnd]]] = {}
        for participant_id, participant in self._participants.items():
            ends = found[participant_id] = {}
            for stream in participant.streams:
                ends[stream.key] = self.of(participant_id, stream)
        return found

    def sender_of(self, listener: str, stream: StreamId) -> StreamEnd | None:
        """Who sent what a participant received: by the producer's id, by the peer named, by the
        SSRC where nobody rewrites it, or because there is nobody else."""
        family = stream.family.replace("_consumer", "_producer")
        if stream.producer_id is not None:
            for end in self._by_producer.get((family, stream.producer_id), ()):
                if end.participant_id != listener:
                    return end
        by_ssrc = self._by_ssrc.get((family, stream.ssrc), {}) if stream.ssrc is not None else {}
        if stream.from_peer_id is not None:
            participant_id = _first_but(
                listener, self._participants_of_peer.get(stream.from_peer_id, ())
            )
            if participant_id is None:
                return None
            return _only(by_ssrc.get(participant_id, ())) or self._only_of(participant_id, family)
        if len(by_ssrc) - (listener in by_ssrc) == 1:
            return by_ssrc[_first_but(listener, by_ssrc) or ""][0]
        if len(self._participants) - (listener in self._participants) == 1:
            return self._only_of(_first_but(listener, self._participants) or "", family)
        return None

    def _only_of(self, participant_id: str, family: str) -> StreamEnd:
        """The participant's only stream of the family, or whichever it is."""
        return _only(self._by_row.get((participant_id, family), ())) or StreamEnd(
            participant_id, None
        )

    def listeners_of(self, sender: str, stream: StreamId) -> list[StreamEnd]:
        """Who received what a participant sent, each stream once."""
        family = stream.family.replace("_producer", "_consumer")
        found: dict[tuple[str, int | str | None], StreamEnd] = {}
        for sent, end in self._received.get((sender, family), ()):
            if end.stream is not None and _is_same(sent, stream):
                name = end.stream.ssrc if end.stream.ssrc is not None else end.stream.consumer_id
                found.setdefault((end.participant_id, name), end)
        return list(found.values())

    @cached_property
    def _received(self) -> dict[tuple[str, str], list[tuple[StreamId | None, StreamEnd]]]:
        """What was received of each sender, by its row and the family: which of its streams, if
        that is known, and the end at the listener."""
        found: dict[tuple[str, str], list[tuple[StreamId | None, StreamEnd]]] = {}
        for participant_id, participant in self._participants.items():
            for stream in participant.streams:
                sender = None
                if not stream.is_sent:
                    sender = self.sender_of(participant_id, stream)
                if sender is not None:
                    ends = found.setdefault((sender.participant_id, stream.family), [])
                    ends.append((sender.stream, StreamEnd(participant_id, stream)))
        return found


def _first_but(participant_id: str, rows: Iterable[str]) -> str | None:
    return next((each for each in rows if each != participant_id), None)


def _only(ends: Sequence[StreamEnd]) -> StreamEnd | None:
    return ends[0] if len(ends) == 1 else None


def _is_same(one: StreamId | None, other: StreamId) -> bool:
    """Whether they can be one stream; of a stream nobody names, that is all there is to say."""
    if one is None:
        return True
    if one.producer_id is not None and other.producer_id is not None:
        return one.producer_id == other.producer_id
    return one.ssrc == other.ssrc
