"""What of a participant's streams and connections must be known to compare them with everybody
else's: when each flowed, and when it was heard or dry. A few numbers each, however long the
call."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.link import Family
from aftercall.core.spans import Span, without


class FrameSizeSpan(NamedTuple):
    """For how long a picture had about this size, `level` doublings of a pixel."""

    start_at: EpochMs
    end_at: EpochMs
    level: int


class FrameCount(NamedTuple):
    """How many frames a report counted."""

    start_at: EpochMs
    end_at: EpochMs
    frames: int


class StreamActivity(msgspec.Struct, kw_only=True):
    """One stream's life. Spans are ascending and do not touch."""

    ref: StreamRef
    family: Family
    life: Span = (EpochMs(0), EpochMs(0))
    """From the first report on it to the last."""
    listed: list[Span] = []
    """When reports on it came; all its life, where they never lacked it."""
    flowing: list[Span]
    """Packets passed."""
    stalled: list[Span]
    """Reports came, packets did not; muted times apart."""
    voiced: list[Span]
    """Audio above silence."""
    lossy: list[Span]
    """Loss above what would clear an issue, if there were one."""
    jittery: list[Span]
    """The same of jitter."""
    late: list[Span] = []
    """The same of concealment, of freezes and of the wait in the jitter buffer, while packets
    came."""
    narrow: list[Span] = []
    """The encoder was held back for lack of room."""
    sizes: list[FrameSizeSpan] = []
    """Of a picture that moved."""
    counted: list[FrameCount] = []
    """Of a screen, and of a camera while it was slow, the frames encoded or decoded, report by
    report."""
    has_loss: bool
    """Whether any interval knew its loss."""
    is_shown: bool
    """Whether the receiver said at what size it shows the stream."""
    shown: list[Span] = []
    """When it said so: a tile that was shown once is not shown for ever."""


class TransportAddress(NamedTuple):
    """An address and port, of which the address may be unknown."""

    address: str | None
    port: int

    def is_same(self, other: "TransportAddress") -> bool:
        """Whether both can be one socket: addresses that are unknown, or are only names on a
        local network, do not contradict."""
        if self.port != other.port:
            return False
        return None in (self.address, other.address) or self.address == other.address


class ConnectionActivity(msgspec.Struct, kw_only=True):
    """One connection's life."""

    peer_id: str
    connection_id: str
    reported: list[Span]
    """When reports on it came."""
    pace_ms: int = 0
    """The usual time between two of them."""
    silent: list[Span] = []
    """Nothing at all arrived, no feedback either."""
    busy: list[Span] = []
    """More arrived than feedback alone."""
    quiet: list[Span] = []
    """It counted what arrived, and that was no more than feedback."""
    unlisted: list[Span] = []
    """Much more arrived than the streams that its reports list account for."""
    slow: list[Span] = []
    """Round trips far longer than usual on it."""
    own: list[TransportAddress] = []
    """All local candidates."""
    chosen: list[TransportAddress] = []
    """The far ends it used."""
    roles: list[str] = []
    """ICE roles: both ends of one connection never have the same."""


class PeerActivity(msgspec.Struct, kw_only=True):
    """What is known of a participant's streams and connections."""

    streams: list[StreamActivity] = []
    connections: list[ConnectionActivity] = []


def without_hidden_page(
    streams: list[StreamActivity], hidden: Sequence[Span]
) -> list[StreamActivity]:
    """The same; a tile on a hidden page is not shown."""
    for each in streams:
        each.shown = without(each.shown, hidden)
    return streams
