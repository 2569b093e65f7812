"""One participant's fold: what is known of its call before it is compared with the others'."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import zstandard
from msgspec.structs import replace

from aftercall.core.errors import AftercallError
from aftercall.core.instants import EpochMs
from aftercall.core.overview.digest import screenshare_spans
from aftercall.core.quality.activity.stream_activity import PeerActivity
from aftercall.core.quality.activity.stream_matching import ParticipantStreams, StreamId
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.report.fold import (
    FOLD_VERSION,
    PeerFacts,
    Verdict,
    accumulate,
    fold_peers,
)
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.records import Peer
from aftercall.core.spans import Span
from aftercall.service.reports.document import PackedDetails, fold_in, pack_details, unpack

if TYPE_CHECKING:
    from aftercall.core.quality.experience.mos_over_time import StreamMoments

LEVEL: Final = 1
"""zstd level of a fold that is stored until its session has been compared."""


class FoldInputs(msgspec.Struct, frozen=True, array_like=True):
    """What a fold was made from, as far as it can be seen without reading it: the peers, and how
    many samples and events each has. Samples and events are only ever added."""

    peers: tuple[Peer, ...]
    samples: tuple[int, ...]
    events: tuple[int, ...]

    @property
    def is_over(self) -> bool:
        """Whether every peer has left. The fold of a stay that lasts depends on the time."""
        return all(peer.left_at is not None for peer in self.peers)


class ParticipantFold(NamedTuple):
    """What comparing participants, and a digest, need of one of them. A few kilobytes for each
    stream, however many rows its report has."""

    verdict: Verdict
    activity: PeerActivity
    moments: "StreamMoments"
    screenshare: list[Span]
    """When a screen was sent."""

    @property
    def streams(self) -> ParticipantStreams:
        """The participant's peers and streams."""
        streams = [StreamId.of(each.family.value, each.ref) for each in self.activity.streams]
        return ParticipantStreams(
            {span.peer_id for span in self.verdict.spans}, list(dict.fromkeys(streams))
        )


def inputs_of(
    participant_peers: Sequence[Peer], samples: Mapping[str, int], events: Mapping[str, int]
) -> FoldInputs:
    """The inputs of a participant's fold; `samples` and `events` are counts by peer."""
    return FoldInputs(
        tuple(participant_peers),
        tuple(samples.get(peer.id, 0) for peer in participant_peers),
        tuple(events.get(peer.id, 0) for peer in participant_peers),
    )


def inputs_read(facts: Sequence[PeerFacts]) -> FoldInputs:
    """The inputs of a participant's fold, from facts that have been read."""
    return FoldInputs(
        tuple(each.peer for each in facts),
        tuple(len(each.samples) for each in facts),
        tuple(len(each.events) for each in facts),
    )


def fold_participant(
    facts: Sequence[PeerFacts], scale: TimeScale, now: EpochMs
) -> tuple[ParticipantFold, PackedDetails]:
    """A participant's fold, its scores on the scale of its session, and the rows of its report."""
    from aftercall.core.quality.experience.mos_over_time import moments_of  # noqa: PLC0415 - numpy

    folded = fold_peers([accumulate(each) for each in facts], now)
    made = ParticipantFold(
        folded.verdict,
        folded.activity,
        moments_of(folded.scores, scale),
        screenshare_spans(folded.screenshare_at, scale),
    )
    return made, pack_details(folded.columns())


def name_of(participant_peers: Sequence[Peer]) -> str:
    """What to call a participant: its display name, else what its owner calls it, else an id."""
    for peer in reversed(participant_peers):
        if peer.display_name:
            return peer.display_name
    last = participant_peers[-1]
    return last.custom_participant_id or last.user_id or last.id


class _StoredFold(msgspec.Struct, array_like=True):
    """A fold without its verdict, which the document holds. `values` are those of its moments: a
    row of 32-bit floats for each stream."""

    fold_version: int
    inputs: FoldInputs
    activity: PeerActivity
    screenshare: list[Span]
    scale: TimeScale
    refs: list[StreamRef]
    families: list[Family]
    values: bytes


_stored: Final = msgspec.msgpack.Decoder(_StoredFold)


def pack_fold(inputs: FoldInputs, folded: ParticipantFold) -> bytes:
    """A fold as it is stored in a provisional document."""
    moments = folded.moments
    stored = _StoredFold(
        fold_version=FOLD_VERSION,
        inputs=inputs,
        activity=folded.activity,
        screenshare=folded.screenshare,
        scale=moments.scale,
        refs=moments.refs,
        families=moments.families,
        values=moments.values.tobytes(),
    )
    return zstandard.ZstdCompressor(level=LEVEL).compress(msgspec.msgpack.encode(stored))


def stored_fold(document: bytes, inputs: FoldInputs, scale: TimeScale) -> ParticipantFold | None:
    """The fold that a provisional document holds, if it was made by this version from exactly
    these inputs on this scale."""
    import numpy as np  # noqa: PLC0415 - numpy

    from aftercall.core.quality.experience.mos_over_time import StreamMoments  # noqa: PLC0415 - numpy

    try:
        packed = fold_in(document)
        if not packed or not inputs.is_over:
            return None
        stored = _stored.decode(zstandard.ZstdDecompressor().decompress(packed))
        verdict = replace(unpack(document).verdict, is_final=True)
    except (AftercallError, msgspec.DecodeError, zstandard.ZstdError):
        return None
    if (stored.fold_version, stored.inputs, stored.scale) != (FOLD_VERSION, inputs, scale):
        return None
    values = np.frombuffer(stored.values, dtype=np.float32).reshape(-1, scale.buckets)
    moments = StreamMoments(scale=scale, refs=stored.refs, families=stored.families, values=values)
    return ParticipantFold(verdict, stored.activity, moments, stored.screenshare)
