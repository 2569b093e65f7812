"""Matches the stream that one participant sent with those that others received."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Self

import msgspec

from aftercall.core.quality.activity.senders import SenderIndex
from aftercall.core.quality.issues import StreamRef


class StreamId(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """All ids of a stream; which of them are present depends on the source."""

    family: str
    ssrc: int | None = None
    mid: str | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    from_peer_id: str | None = None
    """The peer that sent a received stream."""

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
        """The name of the stream within its participant."""
        return stream_key(self.family, self.ssrc, self.mid, self.consumer_id, self.producer_id)

    @property
    def is_sent(self) -> bool:
        """Whether its participant sends it."""
        return self.family.endswith("_producer")

    @property
    def is_audio(self) -> bool:
        """Whether it carries sound."""
        return "audio" in self.family


class ParticipantStreams(NamedTuple):
    """A participant's peers and streams."""

    peer_ids: Collection[str]
    streams: Sequence[StreamId]


class StreamEnd(NamedTuple):
    """One end of a stream: the participant, and the stream as that participant knows it."""

    participant_id: str
    stream: StreamId | None


def stream_key(
    family: str,
    ssrc: int | None,
    mid: str | None,
    consumer_id: str | None,
    producer_id: str | None,
) -> str:
    """The name of a stream within its participant: `audio_consumer:1234`."""
    name = next((each for each in (ssrc, mid, consumer_id, producer_id) if each is not None), "")
    return f"{family}:{name}"


class StreamMatching:
    """Finds the other ends of the streams of a session.

    Streams are indexed once, so that an answer takes time linear in its length. Who asks for the
    streams of `only` one participant spares the senders of all that the others received.
    """

    def __init__(
        self, participants: Mapping[str, ParticipantStreams], *, only: str | None = None
    ) -> None:
        self._participants = participants
        self._only = only
        self._senders = SenderIndex({id: each.peer_ids for id, each in participants.items()})
        self._by_producer: dict[tuple[str, bool, str], StreamId] = {}
        self._by_ssrc: dict[tuple[str, bool, int], list[StreamId]] = {}
        self._by_family: dict[tuple[str, str], list[StreamId]] = {}
        for participant_id, participant in participants.items():
            for stream in participant.streams:
                if stream.is_sent:
                    self._add_sent(participant_id, stream)
                else:
                    self._senders.add_received(participant_id, stream.producer_id)

    def _add_sent(self, participant_id: str, stream: StreamId) -> None:
        kind = stream.is_audio
        self._senders.add_sent(
            participant_id, is_audio=kind, ssrc=stream.ssrc, producer_id=stream.producer_id
        )
        self._by_family.setdefault((participant_id, stream.family), []).append(stream)
        if stream.producer_id is not None:
            self._by_producer.setdefault((participant_id, kind, stream.producer_id), stream)
        if stream.ssrc is not None:
            self._by_ssrc.setdefault((participant_id, kind, stream.ssrc), []).append(stream)

    def of(self, participant_id: str, stream: StreamId) -> list[StreamEnd]:
        """The other ends of a participant's stream: its listeners, or its sender if known."""
        if stream.is_sent:
            return self.listeners_of(participant_id, stream)
        sender = self.sender_of(participant_id, stream)
        return [sender] if sender is not None else []

    def of_participant(self, participant_id: str) -> dict[str, list[StreamEnd]]:
        """The other ends of all of a participant's streams, by stream key."""
        return {
            stream.key: self.of(participant_id, stream)
            for stream in self._participants[participant_id].streams
        }

    def sender_of(self, listener: str, stream: StreamId) -> StreamEnd | None:
        """The sending end of a stream that a participant received; see `SenderIndex`."""
        sender = self._senders.sender_of(
            listener,
            is_audio=stream.is_audio,
            ssrc=stream.ssrc,
            producer_id=stream.producer_id,
            from_peer_id=stream.from_peer_id,
        )
        return None if sender is None else StreamEnd(sender, self._sent_as(sender, stream))

    def _sent_as(self, sender: str, received: StreamId) -> StreamId | None:
        """The sender's stream by its producer, else its SSRC, else as the only one of its family.
        The sender may know that a picture is a screen where the receiver does not."""
        kind = received.is_audio
        if received.producer_id is not None:
            found = self._by_producer.get((sender, kind, received.producer_id))
            if found is not None:
                return found
        if received.ssrc is not None:
            alike = self._by_ssrc.get((sender, kind, received.ssrc), ())
            if len(alike) == 1:
                return alike[0]
        family = received.family.replace("_consumer", "_producer")
        only = self._by_family.get((sender, family), ())
        return only[0] if len(only) == 1 else None

    def listeners_of(self, sender: str, stream: StreamId) -> list[StreamEnd]:
        """The ends of all who received what a participant sent, each received stream once."""
        found: dict[tuple[str, int | str | None], StreamEnd] = {}
        for sent, end in self._received.get((sender, stream.is_audio), ()):
            if end.stream is not None and _can_be(sent, stream, end.stream):
                name = end.stream.ssrc if end.stream.ssrc is not None else end.stream.consumer_id
                found.setdefault((end.participant_id, name), end)
        return list(found.values())

    @cached_property
    def _received(self) -> dict[tuple[str, bool], list[tuple[StreamId | None, StreamEnd]]]:
        """What was received, by sender and whether it is audio: the sender's stream, if it is
        known, and the end at the listener."""
        found: dict[tuple[str, bool], list[tuple[StreamId | None, StreamEnd]]] = {}
        for participant_id, participant in self._participants.items():
            streams: Iterable[StreamId] = participant.streams
            if self._only is not None:
                streams = self._may_be_sent_by(self._only, streams)
            for stream in streams:
                sender = None if stream.is_sent else self.sender_of(participant_id, stream)
                if sender is not None:
                    ends = found.setdefault((sender.participant_id, stream.is_audio), [])
                    ends.append((sender.stream, StreamEnd(participant_id, stream)))
        return found

    def _may_be_sent_by(self, sender: str, streams: Iterable[StreamId]) -> Iterator[StreamId]:
        """Those of the streams that share an id with a participant, or its producers that only
        listeners name: `sender_of` finds it for no other."""
        participant = self._participants.get(sender, ParticipantStreams((), ()))
        peer_ids = frozenset(participant.peer_ids)
        sent = [stream for stream in participant.streams if stream.is_sent]
        ssrcs = {stream.ssrc for stream in sent if stream.ssrc is not None}
        producer_ids = self._senders.producers_of(sender)
        is_a_pair = len(self._participants) <= 2
        for stream in streams:
            if (
                is_a_pair
                or stream.ssrc in ssrcs
                or stream.from_peer_id in peer_ids
                or stream.producer_id in producer_ids
            ):
                yield stream


def _can_be(sent: StreamId | None, asked: StreamId, received: StreamId) -> bool:
    """Whether a received stream, whose sender's stream is `sent` if known, can be the one asked
    for. Of an unknown one only the family can tell."""
    if sent is None:
        return received.family == asked.family.replace("_producer", "_consumer")
    if sent.family != asked.family:
        return False
    if sent.producer_id is not None and asked.producer_id is not None:
        return sent.producer_id == asked.producer_id
    return sent.ssrc == asked.ssrc
