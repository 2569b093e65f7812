"""The activity of a participant's streams and connections, by which participants are compared: a
few spans each, however long the call."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span, without


class FrameSizeSpan(NamedTuple):
    """A span in which a picture had about this size: two to the power of `level` pixels."""

    start_at: EpochMs
    end_at: EpochMs
    level: int


class FrameCount(NamedTuple):
    """The frames that one report counted."""

    start_at: EpochMs
    end_at: EpochMs
    frames: int


class StreamActivity(msgspec.Struct, kw_only=True):
    """The activity of one stream. Spans are ascending and disjoint."""

    ref: StreamRef
    family: Family
    life: Span = (EpochMs(0), EpochMs(0))
    """From the first report of the stream to the last."""
    listed: list[Span] = []
    """When reports listed the stream; empty if all reports in its life did."""
    flowing: list[Span]
    """Packets passed."""
    stalled: list[Span]
    """Reports listed the stream and no packets passed; muted times excluded."""
    voiced: list[Span]
    """Audio above silence."""
    lossy: list[Span]
    """Loss above the clear value of loss issues."""
    jittery: list[Span]
    """Jitter above the clear value of its issues."""
    late: list[Span] = []
    """Concealment, freezes or jitter buffer delay above their clear values, while packets
    arrived."""
    narrow: list[Span] = []
    """The encoder was limited by bandwidth."""
    sizes: list[FrameSizeSpan] = []
    """The frame sizes of a picture that moved."""
    counted: list[FrameCount] = []
    """The frames encoded or decoded, report by report, for a screen and for a camera while it was
    slow."""
    has_loss: bool
    """Whether the loss of any interval is known."""
    is_shown: bool
    """Whether the receiver reported the size at which it shows the stream."""
    shown: list[Span] = []
    """When it reported so; a tile that was shown once need not be shown later."""


class TransportAddress(NamedTuple):
    """An address and port (RFC 8445, transport address); the address may be unknown."""

    address: str | None
    port: int

    def is_same(self, other: "TransportAddress") -> bool:
        """Whether both can be one socket. An unknown address, and an mDNS name, contradict no
        address."""
        if self.port != other.port:
            return False
        return None in (self.address, other.address) or self.address == other.address


class ConnectionActivity(msgspec.Struct, kw_only=True):
    """The activity of one connection."""

    peer_id: str
    connection_id: str
    reported: list[Span]
    """When reports on the connection came."""
    pace_ms: int = 0
    """The usual time between two reports."""
    silent: list[Span] = []
    """Nothing arrived, no feedback either."""
    busy: list[Span] = []
    """More arrived than feedback alone."""
    quiet: list[Span] = []
    """Arrivals were counted and were no more than feedback."""
    unlisted: list[Span] = []
    """Much more arrived than the streams listed in the reports account for."""
    slow: list[Span] = []
    """Round trips were far longer than usual."""
    own: list[TransportAddress] = []
    """All local candidates."""
    chosen: list[TransportAddress] = []
    """The remote candidates that were selected."""
    roles: list[str] = []
    """ICE roles; the two ends of a connection never have the same role."""


class PeerActivity(msgspec.Struct, kw_only=True):
    """The activity of a participant's streams and connections."""

    streams: list[StreamActivity] = []
    connections: list[ConnectionActivity] = []


def without_hidden_page(
    streams: list[StreamActivity], hidden: Sequence[Span]
) -> list[StreamActivity]:
    """The same streams; a tile on a hidden page is not shown."""
    for each in streams:
        each.shown = without(each.shown, hidden)
    return streams
