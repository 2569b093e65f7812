"""What one peer received, all its received streams of a kind together, report by report."""

import msgspec

from aftercall.core.instants import EpochMs


class ReceptionPoint(msgspec.Struct, omit_defaults=True, gc=False):
    """The received streams of one kind at one report: the mean score (0..1) and jitter (s), total
    loss and concealment, the largest picture."""

    timestamp: str
    quality: float | None = None
    jitter: float | None = None
    packets_lost: int | None = None
    concealment_events: int | None = None
    frame_width: int | None = None
    frame_height: int | None = None
    frames_dropped: int | None = None
    frames_per_second: float | None = None


class MediaReception(msgspec.Struct, kw_only=True):
    """One kind over the whole stay. `moments` is a JSON array of `ReceptionPoint`."""

    packets: int = 0
    packets_lost: int = 0
    packets_expected: int = 0
    """Packets received once, plus packets lost."""
    bytes: int = 0
    seconds: float = 0.0
    """Time covered by reports."""
    scores: int = 0
    score_total: float = 0.0
    first_at: EpochMs | None = None
    last_at: EpochMs | None = None
    moments: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"[]"))


class PeerReception(msgspec.Struct, kw_only=True):
    """What one peer received from its join to its leave."""

    peer_id: str
    start_at: EpochMs
    end_at: EpochMs | None
    audio: MediaReception
    video: MediaReception
