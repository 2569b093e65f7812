"""From the objects of a getStats report to the streams of one peer.

`normalise` links what the report keeps apart: each stream with its remote report, codec and
media source, each connection with the candidate pair it uses. Nothing is computed here and
nothing invented; what a browser leaves out stays `None`.
"""

from enum import StrEnum
from typing import Literal

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

_FAMILIES = {
    (is_sent, is_video, is_screen): Family(
        f"{'screenshare_' if is_screen else ''}{'video' if is_video else 'audio'}"
        f"_{'producer' if is_sent else 'consumer'}"
    )
    for is_sent in (True, False)
    for is_video in (True, False)
    for is_screen in (True, False)
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

    key: StreamKey
    family: Family
    stats: Stats
    remote: Stats | None
    codec: Stats | None
    source: Stats | None
    """The `media-source` of a sent stream."""
    tag: StreamTag | None
    connection: Connection


class Sample(msgspec.Struct, gc=False):
    """One getStats report of one peer, normalised. `at` is the peer's clock, corrected."""

    at: EpochMs
    streams: list[Stream]
    connections: list[Connection]
    is_page_hidden: bool | None


def normalise(body: SampleBody, at: EpochMs) -> Sample:
    """Links the objects of a report. Dangling references become `None`."""
    tags: dict[tuple[str, str, str, int | str], StreamTag] = {}
    for tag in body.streams:
        for name, value in (("ssrc", tag.ssrc), ("mid", tag.mid), ("track", tag.track_id)):
            if value is not None:
                tags.setdefault((tag.connection, tag.direction, name, value), tag)
    streams: list[Stream] = []
    connections = [_connection(each, tags, streams) for each in body.connections]
    return Sample(at, streams, connections, body.page_hidden)


def _connection(
    body: ConnectionBody,
    tags: dict[tuple[str, str, str, int | str], StreamTag],
    streams: list[Stream],
) -> Connection:
    by_id: dict[str, Stats] = {}
    by_local: dict[str, Stats] = {}
    remote_by_ssrc: dict[int | None, Stats] = {}
    rtp: list[Stats] = []
    connection = Connection(id=body.id, pairs=[], candidates={}, data_channels=[])
    for stats in body.stats:
        by_id[stats.id] = stats
        match stats.type:
            case "inbound-rtp" | "outbound-rtp":
                rtp.append(stats)
            case "remote-inbound-rtp":
                remote_by_ssrc[stats.ssrc] = stats
                if stats.local_id is not None:
                    by_local[stats.local_id] = stats
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
    _select_pair(connection, by_id)
    for stats in rtp:
        kind = stats.kind
        if kind != "audio" and kind != "video":
            continue
        is_sent = stats.type == "outbound-rtp"
        direction = "send" if is_sent else "receive"
        source = by_id.get(stats.media_source_id) if stats.media_source_id else None
        track_id = source.track_identifier if source is not None else stats.track_identifier
        tag = (
            tags.get((body.id, direction, "ssrc", stats.ssrc or 0))
            or tags.get((body.id, direction, "mid", stats.mid or ""))
            or tags.get((body.id, direction, "track", track_id or ""))
        )
        remote = None
        if is_sent:
            remote = by_local.get(stats.id)
            if remote is None and stats.ssrc is not None:
                remote = remote_by_ssrc.get(stats.ssrc)
        is_screen = tag is not None and tag.source in ("screen", "screen_audio")
        streams.append(
            Stream(
                (body.id, direction, stats.ssrc if stats.ssrc is not None else stats.id),
                _FAMILIES[is_sent, kind == "video", is_screen],
                stats,
                remote,
                by_id.get(stats.codec_id) if stats.codec_id else None,
                source,
                tag,
                connection,
            )
        )
    return connection


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
