"""Every participant's experience of a session, from what all of them received.

A person's moment is the lower of two values: what the person received, the median over the streams,
and how the person was received by the listeners. For an even number of received streams the median
is the mean of the two in the middle; for an even number of listeners it is the better of the two,
since one listener's bad downlink is not the speaker's fault. A good participant who joins can
therefore never lower anybody's moment.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.levels import AUDIO_LEVELS, VIDEO_LEVELS, Experience
from aftercall.core.quality.experience.mos_over_time import (
    Moments,
    StreamMoments,
    covered_ms,
    lower_of,
    medians,
    rounded_opinions,
    with_failures,
)
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.interval_columns.columns import BoolArray, FloatArray
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family
from aftercall.core.spans import Span, intersection, union

SenderOf = Callable[[str, StreamRef], str | None]
"""The participant that sent a listener's received stream, if it is known."""

NOT_RECEIVED: Final = frozenset(
    {IssueName.ONE_WAY_AUDIO, IssueName.NO_AUDIO_RECEIVED, IssueName.NO_VIDEO_RECEIVED}
)
_BROKEN: Final = frozenset({IssueName.ICE_FAILED, IssueName.CONNECTION_FAILED})
_KINDS: Final = (True, False)
"""Audio, and video."""


class ExperienceInput(msgspec.Struct, kw_only=True):
    """One participant: its streams, its issues with their origins, and its stays."""

    streams: StreamMoments
    read_issues: Callable[[], Sequence[Issue]]
    """Called once; the issues are not kept."""
    stays: Sequence[Span]


class _OutageShares(NamedTuple):
    """The share of each bucket in which a connection had no path; all connections of the peer if
    none is named."""

    peer_id: str
    connection_id: str | None
    shares: FloatArray

    def affects(self, ref: StreamRef) -> bool:
        """Whether the stream used that connection."""
        is_named = self.connection_id is not None
        return ref.peer_id == self.peer_id and (
            not is_named or ref.connection_id == self.connection_id
        )


def experiences(
    inputs: Mapping[str, ExperienceInput], sender_of: SenderOf
) -> dict[str, Experience]:
    """The experience of each participant, in time linear in the streams. All inputs have one
    scale."""
    if not inputs:
        return {}
    scale = next(iter(inputs.values())).streams.scale
    with_others = _spans_with_others(inputs)
    by_sender = _ReceivedBySender(scale)
    sides: dict[str, _OwnSide] = {}
    for participant_id, input_ in inputs.items():
        row = _ParticipantStreams(input_, with_others, scale)
        by_sender.take(participant_id, row, sender_of)
        sides[participant_id] = row.own_side()
    return {
        participant_id: _experience(participant_id, side, by_sender, scale)
        for participant_id, side in sides.items()
    }


class _OwnSide(NamedTuple):
    """What a participant's own streams give for its experience. They themselves are not kept: of
    each person that should have been received there is one."""

    received: Mapping[bool, Moments]
    """The median received stream, by kind."""
    sent: Mapping[bool, Moments]
    """The best sent stream, by the remote end's reports."""
    unsent: Mapping[bool, FloatArray]
    """The share of each bucket in which nothing was sent, though it should have been."""
    outages: Sequence[_OutageShares]
    is_away: BoolArray
    worst_stream: list[int]


def _experience(
    participant_id: str,
    side: _OwnSide,
    by_sender: "_ReceivedBySender",
    scale: TimeScale,
) -> Experience:
    values: dict[bool, Moments] = {}
    for is_audio in _KINDS:
        values[is_audio] = lower_of(
            side.received[is_audio],
            by_sender.as_received(participant_id, side, is_audio=is_audio),
        )
    is_blank: BoolArray = np.isnan(values[True]) & np.isnan(values[False])
    for outage in side.outages:
        # A connection that was never established has no scores.
        values[True] = np.where(is_blank, with_failures(values[True], outage.shares), values[True])
    for value in values.values():
        value[side.is_away] = np.nan
    return Experience(
        scale=scale,
        mos_audio=rounded_opinions(values[True]),
        mos_video=rounded_opinions(values[False]),
        worst_stream=side.worst_stream,
    )


class _ParticipantStreams:
    """One participant's streams, with their hard failures."""

    def __init__(
        self, input_: ExperienceInput, with_others: Sequence[Span], scale: TimeScale
    ) -> None:
        self._scale = scale
        self._present_ms = covered_ms(union(input_.stays), scale)
        self.refs = list(input_.streams.refs)
        self.families = list(input_.streams.families)
        self.moments = input_.streams.values.copy()
        self._issues = input_.read_issues()
        self._mark_missing_streams()
        self._outages = [
            _OutageShares(
                peer_id, connection_id, self._shares(intersection(union(spans), with_others))
            )
            for (peer_id, connection_id), spans in self._outage_spans(input_.stays).items()
        ]
        self._mark_outages()

    def own_side(self) -> _OwnSide:
        """What the participant's experience needs of it."""
        return _OwnSide(
            received={kind: self._received(is_audio=kind) for kind in _KINDS},
            sent={kind: self._sent(is_audio=kind) for kind in _KINDS},
            unsent={kind: self._unsent(is_audio=kind) for kind in _KINDS},
            outages=self._outages,
            is_away=self._present_ms == 0,
            worst_stream=self._worst_stream(),
        )

    def _shares(self, spans: Iterable[Span]) -> FloatArray:
        """The share of the time present in each bucket."""
        covered = covered_ms(spans, self._scale)
        made: FloatArray = np.minimum(
            np.divide(
                covered, self._present_ms, out=np.zeros_like(covered), where=self._present_ms > 0
            ),
            1.0,
        )
        return made

    def _mark_missing_streams(self) -> None:
        """Mark the streams that did not arrive; those that no report lists get a row of their
        own."""
        places = {_name(ref): place for place, ref in enumerate(self.refs)}
        spans: dict[int, list[Span]] = {}
        for issue in self._issues:
            family = issue.stream.family
            if issue.name in NOT_RECEIVED and family is not None and Family(family) in _MEDIA:
                place = places.setdefault(_name(issue.stream), len(self.refs))
                if place == len(self.refs):
                    self.refs.append(issue.stream)
                    self.families.append(Family(family))
                spans.setdefault(place, []).append((issue.first_at, issue.last_at))
        added = len(self.refs) - len(self.moments)
        if added:
            blank = np.full((added, self._scale.buckets), np.nan, dtype=np.float32)
            self.moments = np.concatenate([self.moments, blank])
        alike: dict[tuple[Span, ...], list[int]] = {}
        for place, when in spans.items():
            alike.setdefault(tuple(union(when)), []).append(place)
        for when_missing, rows in alike.items():
            self.moments[rows] = with_failures(self.moments[rows], self._shares(when_missing))

    def _outage_spans(self, stays: Sequence[Span]) -> dict[tuple[str, str | None], list[Span]]:
        """When each connection had no path: until it was back or, after a failure, until something
        was scored again."""
        found: dict[tuple[str, str | None], list[Span]] = {}
        for issue in self._issues:
            key = (issue.stream.peer_id, issue.stream.connection_id)
            if issue.name is IssueName.ICE_RECONNECTING:
                found.setdefault(key, []).append((issue.first_at, issue.last_at))
            elif issue.name in _BROKEN:
                until = self._scored_after(issue.last_at, stays)
                found.setdefault(key, []).append((issue.first_at, until))
        return found

    def _scored_after(self, at: EpochMs, stays: Sequence[Span]) -> EpochMs:
        scale = self._scale
        after = max(0, (at - scale.from_at) // scale.bucket_ms + 1)
        scored = np.flatnonzero(~np.isnan(self.moments[:, after:]).all(axis=0)).tolist()
        ends = [end for start, end in stays if start <= at <= end]
        ends += [EpochMs(scale.from_at + (after + place) * scale.bucket_ms) for place in scored[:1]]
        return EpochMs(max(at, min(ends, default=at)))

    def _mark_outages(self) -> None:
        for outage in self._outages:
            for place, ref in enumerate(self.refs):
                if self.families[place] not in PRODUCERS and outage.affects(ref):
                    self.moments[place] = with_failures(self.moments[place], outage.shares)

    def places(self, *, is_audio: bool, is_sent: bool) -> list[int]:
        """The rows of the streams of a kind and direction."""
        return [
            place
            for place, family in enumerate(self.families)
            if (family in AUDIO) is is_audio and (family in PRODUCERS) is is_sent
        ]

    def _received(self, *, is_audio: bool) -> Moments:
        """The median received stream."""
        lower, upper = medians(self.moments[self.places(is_audio=is_audio, is_sent=False)])
        middle: Moments = ((lower + upper) / 2).astype(np.float32)
        if is_audio:
            middle = with_failures(middle, self._named(IssueName.AUDIO_NOT_PLAYED))
        return middle

    def _sent(self, *, is_audio: bool) -> Moments:
        """The best stream by the remote end's reports."""
        own = self.moments[self.places(is_audio=is_audio, is_sent=True)]
        return _best(own, self._scale.buckets)

    def _unsent(self, *, is_audio: bool) -> FloatArray:
        """The share of each bucket in which nothing of a kind was sent, though it should have
        been."""
        shares = np.zeros(self._scale.buckets)
        if is_audio:
            shares = self._named(IssueName.NO_AUDIO_SENT)
        own = [self.refs[place] for place in self.places(is_audio=is_audio, is_sent=True)]
        for outage in self._outages:
            of_peer = [ref for ref in own if ref.peer_id == outage.peer_id]
            if of_peer and all(outage.affects(ref) for ref in of_peer):
                shares = np.maximum(shares, outage.shares)
        return shares

    def _named(self, name: IssueName) -> FloatArray:
        return self._shares(
            union((issue.first_at, issue.last_at) for issue in self._issues if issue.name is name)
        )

    def _worst_stream(self) -> list[int]:
        """The level of the worst received stream, in each bucket."""
        worst = np.zeros(self._scale.buckets, dtype=np.int8)
        for is_audio, leasts in ((True, AUDIO_LEVELS), (False, VIDEO_LEVELS)):
            own = self.moments[self.places(is_audio=is_audio, is_sent=False)]
            lowest = np.fmin.reduce(own, axis=0) if len(own) else own.sum(axis=0) * np.nan
            levels = _levels(lowest, leasts)
            worst = np.where((worst == 0) | ((levels > 0) & (levels < worst)), levels, worst)
        found: list[int] = worst.tolist()
        return found


class _ReceivedBySender:
    """How listeners received each sender."""

    def __init__(self, scale: TimeScale) -> None:
        self._scale = scale
        self._got: dict[tuple[str, bool], list[bytes]] = {}
        """The moments of each listener."""
        self._unnamed = {is_audio: np.zeros(scale.buckets, dtype=np.int64) for is_audio in _KINDS}
        self._own_unnamed: dict[tuple[str, bool], BoolArray] = {}
        self._listening = np.zeros(scale.buckets, dtype=np.int64)
        self._own_listening: dict[str, BoolArray] = {}

    def take(self, participant_id: str, row: _ParticipantStreams, sender_of: SenderOf) -> None:
        """Add what one listener received: of each sender the best stream of a kind."""
        is_listening: BoolArray = np.zeros(self._scale.buckets, dtype=np.bool_)
        # Those who were not received at all, or while the same was wrong, share one object.
        alike: dict[bytes, bytes] = {}
        for is_audio in _KINDS:
            received = row.places(is_audio=is_audio, is_sent=False)
            is_listening |= ~np.isnan(row.moments[received]).all(axis=0)
            by_sender: dict[str | None, list[int]] = {}
            for place in received:
                by_sender.setdefault(sender_of(participant_id, row.refs[place]), []).append(place)
            for sender, places in by_sender.items():
                got = row.moments[places[0]]
                if len(places) > 1:
                    got = _best(row.moments[places], self._scale.buckets)
                if sender is not None:
                    packed = got.tobytes()
                    packed = alike.setdefault(packed, packed)
                    self._got.setdefault((sender, is_audio), []).append(packed)
                    continue
                is_unnamed = ~np.isnan(got)
                self._unnamed[is_audio] += is_unnamed
                self._own_unnamed[participant_id, is_audio] = is_unnamed
        self._listening += is_listening
        self._own_listening[participant_id] = is_listening

    def as_received(self, participant_id: str, side: _OwnSide, *, is_audio: bool) -> Moments:
        """What at least half of the listeners received of a sender, or better. If no report names
        the sender, the remote end's reports stand for it."""
        got = self._got.get((participant_id, is_audio), [])
        values = np.frombuffer(b"".join(got), dtype=np.float32)
        _, upper = medians(values.reshape(len(got), self._scale.buckets))
        others = self._unnamed[is_audio] - self._own_unnamed.get((participant_id, is_audio), 0)
        alone = self._listening - self._own_listening[participant_id] == 0
        is_unknown = np.isnan(upper) & ((others > 0) | alone)
        value: Moments = np.where(is_unknown, side.sent[is_audio], upper)
        return with_failures(value, side.unsent[is_audio])


def _spans_with_others(inputs: Mapping[str, ExperienceInput]) -> list[Span]:
    """When at least two participants were present: alone, nobody misses anything."""
    edges = [
        edge
        for input_ in inputs.values()
        for start, end in union(input_.stays)
        for edge in ((start, 1), (end, -1))
    ]
    found: list[Span] = []
    present, since = 0, EpochMs(0)
    for at, step in sorted(edges):
        if present < 2 <= present + step:
            since = at
        elif present + step < 2 <= present and since < at:
            found.append((since, at))
        present += step
    return union(found)


def _best(values: Moments, buckets: int) -> Moments:
    if not len(values):
        return np.full(buckets, np.nan, dtype=np.float32)
    best: Moments = np.fmax.reduce(values, axis=0)
    return best


def _levels(values: Moments, leasts: Sequence[float]) -> FloatArray:
    rounded = np.round(values.astype(np.float64), 2)
    levels = np.searchsorted(leasts[::-1], rounded, side="right") + 1
    return np.where(np.isnan(rounded), 0, levels)


_Name = tuple[str, str | None, int | None, str | None, str | None, str | None]
_MEDIA: Final = frozenset(
    family for family in Family if family not in PRODUCERS and family not in SCREENSHARES
)


def _name(ref: StreamRef) -> _Name:
    return (ref.peer_id, ref.family, ref.ssrc, ref.mid, ref.consumer_id, ref.from_peer_id)
