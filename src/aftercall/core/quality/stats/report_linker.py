"""Links the objects of a getStats report into the streams and connections of one peer.

`ReportLinker` links each stream with its remote report, codec, media source and tag, and each
connection with its selected candidate pair. Nothing is computed or assumed here; what a browser
leaves out stays `None`.
"""

from collections.abc import Mapping
from enum import StrEnum
from math import nan
from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.candidate_pairs import busier, leave_out_unmeasured, selected
from aftercall.core.quality.stats.getstats import ConnectionBody, SampleBody, Stats, StreamTag
from aftercall.core.quality.stats.stream_kind import is_no_stream, kind_of, sender_of, source_of
from aftercall.core.quality.stats.track_tags import StreamKey, Tags

Direction = Literal["send", "receive"]


class Family(StrEnum):
    """The kind of a stream in a report. A producer is sent by the peer, a consumer is received."""

    AUDIO_PRODUCER = "audio_producer"
    AUDIO_CONSUMER = "audio_consumer"
    VIDEO_PRODUCER = "video_producer"
    VIDEO_CONSUMER = "video_consumer"
    SCREENSHARE_AUDIO_PRODUCER = "screenshare_audio_producer"
    SCREENSHARE_AUDIO_CONSUMER = "screenshare_audio_consumer"
    SCREENSHARE_VIDEO_PRODUCER = "screenshare_video_producer"
    SCREENSHARE_VIDEO_CONSUMER = "screenshare_video_consumer"


PRODUCERS = frozenset(family for family in Family if family.endswith("_producer"))
AUDIO = frozenset(family for family in Family if "audio" in family)
SCREENSHARES = frozenset(family for family in Family if family.startswith("screenshare"))

_FAMILIES: Final[dict[tuple[str, str | None, str | None], Family]] = {
    (direction, kind, source): Family(
        f"{'screenshare_' if source in ('screen', 'screen_audio') else ''}{kind}"
        f"_{'producer' if direction == 'send' else 'consumer'}"
    )
    for direction in ("send", "receive")
    for kind in ("audio", "video")
    for source in (None, "microphone", "camera", "screen", "screen_audio")
}


class Codec(msgspec.Struct, frozen=True, gc=False):
    """A codec as negotiated for a stream."""

    mime_type: str | None
    clock_rate: int | None
    sdp_fmtp_line: str | None

    @property
    def subtype(self) -> str | None:
        """The subtype of the MIME type, in lower case: `opus`, `vp8`."""
        return None if self.mime_type is None else self.mime_type.rpartition("/")[2].lower()

    @property
    def sampling_rate(self) -> int | None:
        """Samples of decoded audio a second. By an old mistake the RTP clock rate of G.722 is half
        of it (RFC 3551, 4.5.2)."""
        return 16_000 if self.subtype == "g722" else self.clock_rate


class StreamDescription(msgspec.Struct, eq=False, gc=False):
    """The members of a stream that are no numbers, with its tag. As long as reports repeat them,
    the object is the same."""

    key: StreamKey
    family: Family
    stats_id: str
    kind: str | None
    ssrc: int | None
    mid: str | None
    track_identifier: str | None
    sender: str | None
    """What all simulcast layers of one track have in common."""
    limitation: str | None
    """The `qualityLimitationReason` of a sent stream."""
    codec: Codec | None
    tag: StreamTag | None
    """The tag without its score, which is a number."""
    content_type: str | None = None
    """`screenshare`, in browsers that report it."""
    source: str | None = None
    """What a stream carries, on whichever connection: the track of a sent stream, the producer or
    track of a received one. `None` if unknown."""

    @property
    def subtype(self) -> str | None:
        return None if self.codec is None else self.codec.subtype

    @property
    def producer_id(self) -> str | None:
        return None if self.tag is None else self.tag.producer_id

    @property
    def consumer_id(self) -> str | None:
        return None if self.tag is None else self.tag.consumer_id

    @property
    def peer_id(self) -> str | None:
        """The peer that sent a received stream."""
        return None if self.tag is None else self.tag.peer_id


class Stream(msgspec.Struct, gc=False):
    """One RTP stream at one instant, with its linked objects."""

    description: StreamDescription
    stats: Stats
    score: float
    """The 0..1 score of a client that scores by itself, else NaN."""
    remote: Stats | None = None
    source: Stats | None = None
    """The `media-source` of a sent stream."""


class Connection(msgspec.Struct, gc=False, kw_only=True):
    """One `RTCPeerConnection` at one instant."""

    id: str
    sent: list[Stream]
    received: list[Stream]
    transport: Stats | None = None
    pair: Stats | None = None
    """The selected candidate pair."""
    local_candidate: Stats | None = None
    remote_candidate: Stats | None = None
    pairs: list[Stats]
    """All candidate pairs, the selected one among them."""
    candidates: dict[str, Stats]
    """Local and remote candidates by id."""


class Sample(msgspec.Struct, gc=False):
    """One getStats report of one peer, linked. `at` is on the peer's clock, corrected."""

    at: EpochMs
    connections: list[Connection]
    is_page_hidden: bool | None

    @property
    def sent(self) -> list[Stream]:
        return [stream for each in self.connections for stream in each.sent]

    @property
    def streams(self) -> list[Stream]:
        return [stream for each in self.connections for stream in (*each.sent, *each.received)]


def normalise(body: SampleBody, at: EpochMs) -> Sample:
    """Link one report by itself."""
    return ReportLinker().link(body, at)


class _Known(msgspec.Struct):
    """What is remembered of a connection's previous report, by the ids of stats objects."""

    sent: dict[str, StreamDescription] = {}
    received: dict[str, StreamDescription] = {}
    scores: dict[str, float] = {}
    """Only those that are present."""
    codecs: dict[str, Codec] = {}


class ReportLinker:
    """Links the reports of one peer.

    Consecutive reports differ in their numbers and hardly ever in their descriptions, so the links
    of a stream are kept until its description changes. Dangling references become `None`.
    """

    def __init__(self) -> None:
        self.unidentified: set[tuple[str, str, str]] = set()
        """Streams of unknown kind: connection, direction and the id of the stats object."""
        self._sources: dict[StreamKey, str] = {}
        """The last tagged source of each stream."""
        self._tags = Tags([])
        self._known: dict[str, _Known] = {}
        self._candidates: dict[str, dict[str, Stats]] = {}

    def link(self, body: SampleBody, at: EpochMs) -> Sample:
        is_retagged = body.streams is not self._tags.every
        if is_retagged:
            self._tags = Tags(body.streams)
        before, self._known = self._known, {}
        connections = [
            self._connection(each, before.get(each.id) or _Known(), is_retagged)
            for each in body.connections
        ]
        return Sample(at, connections, body.page_hidden)

    def _connection(self, body: ConnectionBody, known: _Known, is_retagged: bool) -> Connection:
        made = Connection(id=body.id, sent=[], received=[], pairs=[], candidates={})
        received: list[Stats] = []
        sent: list[Stats] = []
        others: dict[str, Stats] = {}
        remotes: dict[int | str | None, Stats] = {}
        for stats in body.stats:
            type_ = stats.type
            if type_ == "inbound-rtp":
                received.append(stats)
            elif type_ == "outbound-rtp":
                sent.append(stats)
            elif type_ == "remote-inbound-rtp":
                remotes[stats.ssrc] = remotes[stats.local_id] = stats
            else:
                others[stats.id] = stats
                if type_ in _PLACED:
                    _place(made, stats)
        # A server that reports its candidates once reports only the pair later.
        made.candidates = made.candidates or self._candidates.get(body.id, {})
        pair = made.pair = selected(made.pairs, made.transport, others)
        if pair is not None:
            self._candidates[body.id] = made.candidates
            made.local_candidate = made.candidates.get(pair.local_candidate_id or "")
            made.remote_candidate = made.candidates.get(pair.remote_candidate_id or "")
        now = self._known[body.id] = _Known(codecs=_codecs(others, known.codecs))
        for stats in sent:
            source = others.get(stats.media_source_id or "")
            before = known.sent.get(stats.id)
            if (
                before is not None
                and not is_retagged
                and _is_described_as_before(stats, source, before)
                and now.codecs.get(stats.codec_id or "") is before.codec
            ):
                stream = Stream(before, stats, known.scores.get(stats.id, nan), None, source)
            else:
                made_new = self._stream((body.id, "send"), stats, now.codecs, source, before)
                if made_new is None:
                    continue
                stream = made_new
            by_ssrc = None if stats.ssrc is None else remotes.get(stats.ssrc)
            stream.remote = remotes.get(stats.id) or by_ssrc
            now.sent[stats.id] = stream.description
            if stream.score == stream.score:
                now.scores[stats.id] = stream.score
            made.sent.append(stream)
        for stats in received:
            before = known.received.get(stats.id)
            if (
                before is not None
                and not is_retagged
                and stats.ssrc == before.ssrc
                and stats.mid == before.mid
                and stats.track_identifier == before.track_identifier
                and (stats.kind == before.kind or not stats.kind)
                and stats.content_type == before.content_type
                and now.codecs.get(stats.codec_id or "") is before.codec
            ):
                stream = Stream(before, stats, known.scores.get(stats.id, nan))
            else:
                made_new = self._stream((body.id, "receive"), stats, now.codecs, None, before)
                if made_new is None:
                    continue
                stream = made_new
            now.received[stats.id] = stream.description
            if stream.score == stream.score:
                now.scores[stats.id] = stream.score
            made.received.append(stream)
        return made

    def _stream(
        self,
        whose: tuple[str, Direction],
        stats: Stats,
        codecs: Mapping[str, Codec],
        source: Stats | None,
        before: StreamDescription | None,
    ) -> Stream | None:
        """The linked stream; `None` for a stream of unknown kind, and for an object that is no
        stream of the call."""
        if is_no_stream(stats):
            return None
        tag = self._tags.find(*whose, stats, source) or self._tags.only(
            *whose, stats, source, self._sources
        )
        source_name = self._source_of(whose, stats, tag)
        codec = codecs.get(stats.codec_id or "")
        kind = kind_of(stats, source, None if codec is None else codec.mime_type, tag)
        family = _FAMILIES.get((whose[1], kind, source_name))
        if family is None:
            self.unidentified.add((*whose, stats.id))
            return None
        self.unidentified.discard((*whose, stats.id))
        score = nan
        if tag is not None and tag.score is not None:
            score, tag = tag.score, msgspec.structs.replace(tag, score=None)
        track_id = stats.track_identifier if source is None else source.track_identifier
        description = StreamDescription(
            (*whose, stats.id if stats.ssrc is None else stats.ssrc),
            family,
            stats.id,
            kind,
            stats.ssrc,
            stats.mid,
            track_id,
            sender_of(stats, tag, family) if kind == "video" and whose[1] == "send" else None,
            stats.quality_limitation_reason,
            codec,
            tag,
            stats.content_type,
            source_of(whose[1], track_id, tag),
        )
        if before is not None and _astuple(before) == _astuple(description):
            description = before
        return Stream(description, stats, score, None, source)

    def _source_of(
        self, whose: tuple[str, Direction], stats: Stats, tag: StreamTag | None
    ) -> str | None:
        """The source of a stream: as tagged, else as last tagged (a tag goes away with its track,
        while the stream often stays), else as the browser says."""
        key: StreamKey = (*whose, stats.id if stats.ssrc is None else stats.ssrc)
        if tag is not None and tag.source is not None:
            self._sources[key] = tag.source
            return tag.source
        by_content_type = "screen" if stats.content_type == "screenshare" else None
        return by_content_type or self._sources.get(key)


_astuple: Final = msgspec.structs.astuple


def _is_described_as_before(stats: Stats, source: Stats | None, before: StreamDescription) -> bool:
    """Whether a sent stream has the same description as in the previous report, apart from its
    codec."""
    track_id = stats.track_identifier if source is None else source.track_identifier
    return (
        stats.ssrc == before.ssrc
        and stats.mid == before.mid
        and track_id == before.track_identifier
        and stats.quality_limitation_reason == before.limitation
        and (stats.kind == before.kind or not stats.kind)
        and stats.content_type == before.content_type
        and (before.sender is None or before.sender == (stats.media_source_id or before.sender))
    )


def _codecs(objects: Mapping[str, Stats], before: Mapping[str, Codec]) -> dict[str, Codec]:
    """The codecs among these objects, by id; an unchanged codec is the same object."""
    found: dict[str, Codec] = {}
    for stats in objects.values():
        if stats.type == "codec":
            codec = before.get(stats.id)
            if codec is None or not _is_described(codec, stats):
                codec = Codec(stats.mime_type, stats.clock_rate, stats.sdp_fmtp_line)
            found[stats.id] = codec
    return found


def _is_described(codec: Codec, stats: Stats) -> bool:
    return (
        codec.mime_type == stats.mime_type
        and codec.clock_rate == stats.clock_rate
        and codec.sdp_fmtp_line == stats.sdp_fmtp_line
    )


_PLACED: Final = frozenset({"candidate-pair", "local-candidate", "remote-candidate", "transport"})


def _place(connection: Connection, stats: Stats) -> None:
    match stats.type:
        case "candidate-pair":
            leave_out_unmeasured(stats)
            connection.pairs.append(stats)
        case "local-candidate" | "remote-candidate":
            connection.candidates[stats.id] = stats
        case "transport":
            connection.transport = busier(connection.transport, stats)
