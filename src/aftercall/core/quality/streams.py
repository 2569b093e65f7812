"""From the objects of a getStats report to the streams of one peer.

`normalise` links what the report keeps apart: each stream with its remote report, codec and
media source, each connection with the candidate pair it uses. Nothing is computed here and
nothing invented; what a browser leaves out stays `None`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.getstats import ConnectionBody, SampleBody, Stats, StreamTag

Direction = Literal["send", "receive"]
StreamKey = tuple[str, str, int | str]
"""Connection id, direction, and the SSRC or, without one, the id of the stats object."""


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


class Connection(msgspec.Struct, gc=False, kw_only=True):
    """One `RTCPeerConnection` at one moment."""

    id: str
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


class Stream(msgspec.Struct, gc=False):
    """One RTP stream at one moment, with what belongs to it."""

    at: EpochMs

    key: StreamKey
    family: Family
    stats: Stats
    remote: Stats | None
    codec: Stats | None
    source: Stats | None
    """The `media-source` of a sent stream."""
    tag: StreamTag | None
    connection: Connection
    is_page_hidden: bool | None


class Sample(msgspec.Struct, gc=False):
    """One getStats report of one peer, normalised. `at` is the peer's clock, corrected."""

    at: EpochMs
    streams: list[Stream]
    connections: list[Connection]
    is_page_hidden: bool | None


def normalise(body: SampleBody, at: EpochMs) -> Sample:
    """Links the objects of a report. Dangling references become `None`."""
    tags = _Tags(body.streams)
    sample = Sample(at, [], [], body.page_hidden)
    for each in body.connections:
        sample.connections.append(_connection(each, tags, sample))
    return sample


class _Tags:
    """The tags of a sample, found by SSRC, else `mid`, else track."""

    def __init__(self, tags: Sequence[StreamTag]) -> None:
        self._tags = tags
        self._by_ssrc: dict[tuple[str, str, int | None], StreamTag] = {
            (tag.connection, tag.direction, tag.ssrc): tag for tag in tags
        }
        self._by_name: dict[tuple[str, str, str, str], StreamTag] | None = None

    def find(
        self, connection_id: str, direction: str, stats: Stats, source: Stats | None
    ) -> StreamTag | None:
        if stats.ssrc is not None:
            tag = self._by_ssrc.get((connection_id, direction, stats.ssrc))
            if tag is not None:
                return tag
        if self._by_name is None:
            self._by_name = {}
            for tag in self._tags:
                for name, value in (("mid", tag.mid), ("track", tag.track_id)):
                    if value is not None:
                        self._by_name[tag.connection, tag.direction, name, value] = tag
        track_id = stats.track_identifier if source is None else source.track_identifier
        return self._by_name.get(
            (connection_id, direction, "mid", stats.mid or "")
        ) or self._by_name.get((connection_id, direction, "track", track_id or ""))


def _connection(body: ConnectionBody, tags: _Tags, sample: Sample) -> Connection:
    at, streams, is_page_hidden = sample.at, sample.streams, sample.is_page_hidden
    connection_id = body.id
    connection = Connection(id=connection_id, pairs=[], candidates={}, data_channels=[])
    by_id = {stats.id: stats for stats in body.stats}
    received: list[Stats] = []
    sent: list[Stats] = []
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
            _place(connection, stats)
    _select_pair(connection, by_id)
    for stats in sent:
        source = by_id.get(stats.media_source_id) if stats.media_source_id else None
        tag = tags.find(connection_id, "send", stats, source)
        family = _FAMILIES.get(("send", stats.kind, None if tag is None else tag.source))
        if family is not None:
            streams.append(
                Stream(
                    at,
                    (connection_id, "send", stats.id if stats.ssrc is None else stats.ssrc),
                    family,
                    stats,
                    remotes.get(stats.id) or (stats.ssrc and remotes.get(stats.ssrc)) or None,
                    by_id.get(stats.codec_id) if stats.codec_id else None,
                    source,
                    tag,
                    connection,
                    is_page_hidden,
                )
            )
    for stats in received:
        tag = tags.find(connection_id, "receive", stats, None)
        family = _FAMILIES.get(("receive", stats.kind, None if tag is None else tag.source))
        if family is not None:
            streams.append(
                Stream(
                    at,
                    (connection_id, "receive", stats.id if stats.ssrc is None else stats.ssrc),
                    family,
                    stats,
                    None,
                    by_id.get(stats.codec_id) if stats.codec_id else None,
                    None,
                    tag,
                    connection,
                    is_page_hidden,
                )
            )
    return connection


def _place(connection: Connection, stats: Stats) -> None:
    match stats.type:
        case "candidate-pair":
            connection.pairs.append(stats)
        case "local-candidate" | "remote-candidate":
            connection.candidates[stats.id] = stats
        case "transport":
            connection.transport = _busier(connection.transport, stats)
        case "media-playout":
            connection.playout = stats
        case "data-channel":
            connection.data_channels.append(stats)


def _busier(one: Stats | None, other: Stats) -> Stats:
    """Of two transports of a connection that does not bundle, the one that carried more."""
    if one is None or (other.bytes_received or 0) > (one.bytes_received or 0):
        return other
    return one


def _select_pair(connection: Connection, by_id: dict[str, Stats]) -> None:
    """W3C names the selected pair in the transport, Firefox marks it `selected`; a report
    without either has nominated pairs, of which the one last used is in use."""
    pair = None
    transport = connection.transport
    if transport is not None and transport.selected_candidate_pair_id is not None:
        pair = by_id.get(transport.selected_candidate_pair_id)
    if pair is None:
        candidates = [each for each in connection.pairs if each.selected] or [
            each
            for each in connection.pairs
            if each.nominated and each.state in (None, "succeeded")
        ]
        pair = max(candidates, key=_last_use, default=None)
    if pair is None:
        return
    connection.pair = pair
    connection.local_candidate = connection.candidates.get(pair.local_candidate_id or "")
    connection.remote_candidate = connection.candidates.get(pair.remote_candidate_id or "")


def _last_use(pair: Stats) -> tuple[float, int]:
    return (
        pair.last_packet_received_timestamp or 0.0,
        (pair.bytes_received or 0) + (pair.bytes_sent or 0),
    )
