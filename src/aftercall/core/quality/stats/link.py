"""From the objects of a getStats report to the streams of one peer.

A report keeps apart what belongs together: `Linker` links each stream with its remote report,
codec, media source and tag, each connection with the candidate pair it uses. Nothing is computed
here and nothing invented; what a browser leaves out stays `None`.
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
    """What a stream is to a report. A producer is sent by the peer, a consumer received."""

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
    mime_type: str | None
    clock_rate: int | None
    sdp_fmtp_line: str | None

    @property
    def subtype(self) -> str | None:
        """Of the MIME type, in lower case: `opus`, `vp8`."""
        return None if self.mime_type is None else self.mime_type.rpartition("/")[2].lower()

    @property
    def sampling_rate(self) -> int | None:
        """Samples of decoded sound a second. RTP's clock of G.722 is by an old mistake half of it
        (RFC 3551, 4.5.2)."""
        return 16_000 if self.subtype == "g722" else self.clock_rate


class StreamDescription(msgspec.Struct, eq=False, gc=False):
    """What a report says of a stream in words, and in its tag. As long as reports say the same,
    it is the same object."""

    key: StreamKey
    family: Family
    stats_id: str
    kind: str | None
    ssrc: int | None
    mid: str | None
    track_identifier: str | None
    sender: str | None
    """What the layers of a simulcast have in common."""
    limitation: str | None
    """The `qualityLimitationReason` of a sent stream."""
    codec: Codec | None
    tag: StreamTag | None
    """Without its score, which is a number."""
    content_type: str | None = None
    """`screenshare`, where a browser says so."""
    source: str | None = None
    """What sends a stream, on whichever connection: the track it is made of, or of a received one
    its producer or track. `None` where nothing tells."""

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
        """The peer a received stream comes from."""
        return None if self.tag is None else self.tag.peer_id


class Stream(msgspec.Struct, gc=False):
    """One RTP stream at one moment, with what belongs to it."""

    description: StreamDescription
    stats: Stats
    score: float
    """The 0..1 score of a client that scores by itself, else NaN."""
    remote: Stats | None = None
    source: Stats | None = None
    """The `media-source` of a sent stream."""


class Connection(msgspec.Struct, gc=False, kw_only=True):
    """One `RTCPeerConnection` at one moment."""

    id: str
    sent: list[Stream]
    received: list[Stream]
    transport: Stats | None = None
    pair: Stats | None = None
    """The selected candidate pair."""
    local_candidate: Stats | None = None
    remote_candidate: Stats | None = None
    pairs: list[Stats]
    """Every candidate pair, the selected one among them."""
    candidates: dict[str, Stats]
    """Local and remote candidates by id."""
    playout: Stats | None = None
    data_channels: list[Stats]


class Sample(msgspec.Struct, gc=False):
    """One getStats report of one peer, linked. `at` is the peer's clock, corrected."""

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
    """Links one report by itself."""
    return ReportLinker().link(body, at)


class _Known(msgspec.Struct):
    """What is remembered of a connection's report before, by the ids of stats."""

    sent: dict[str, StreamDescription] = {}
    received: dict[str, StreamDescription] = {}
    scores: dict[str, float] = {}
    """Where there are any."""
    codecs: dict[str, Codec] = {}


class ReportLinker:
    """Links the reports of one peer. One differs from the one before in its numbers, hardly ever
    in its words, so that what was found out about a stream is kept until its words change.
    Dangling references become `None`."""

    def __init__(self) -> None:
        self.unidentified: set[tuple[str, str, str]] = set()
        """Streams of no known kind: connection, direction and the id of the stats."""
        self._sources: dict[StreamKey, str] = {}
        """What tags last said that streams are made of."""
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
        made = Connection(
            id=body.id, sent=[], received=[], pairs=[], candidates={}, data_channels=[]
        )
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
                _place(made, stats)
        # A server that tells its path once tells later only the pair.
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
        """`None` for a stream of no known kind, and for what is none of the call's."""
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
        """What a stream is made of, as its tag says or last said: a tag goes with what it is
        about, the stream often stays. Else as the browser says."""
        key: StreamKey = (*whose, stats.id if stats.ssrc is None else stats.ssrc)
        if tag is not None and tag.source is not None:
            self._sources[key] = tag.source
            return tag.source
        told = "screen" if stats.content_type == "screenshare" else None
        return told or self._sources.get(key)


_astuple: Final = msgspec.structs.astuple


def _is_described_as_before(stats: Stats, source: Stats | None, before: StreamDescription) -> bool:
    """Whether a sent stream says the same of itself as in the report before, its codec apart."""
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
    """The codecs among these, by id; one that is as it was is the same object."""
    found: dict[str, Codec] = {}
    for stats in objects.values():
        if stats.type == "codec":
            codec = Codec(stats.mime_type, stats.clock_rate, stats.sdp_fmtp_line)
            known = before.get(stats.id)
            found[stats.id] = known if known == codec and known is not None else codec
    return found


def _place(connection: Connection, stats: Stats) -> None:
    match stats.type:
        case "candidate-pair":
            leave_out_unmeasured(stats)
            connection.pairs.append(stats)
        case "local-candidate" | "remote-candidate":
            connection.candidates[stats.id] = stats
        case "transport":
            connection.transport = busier(connection.transport, stats)
        case "media-playout":
            connection.playout = stats
        case "data-channel":
            connection.data_channels.append(stats)
