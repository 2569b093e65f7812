"""The participants of a session compared: who received what from whom, when a sender was impaired
at its listeners, and when a sender's uplink was impaired; loss, jitter and lateness apart."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.camera_off import without_camera_off
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.departures import without_departures
from aftercall.core.quality.comparison.impairment_matrix import (
    ImpairmentMatrix,
    MatrixLine,
    PathSpans,
    culprits_among_unnamed,
    impaired_for_everybody,
    spans_with_share_between,
)
from aftercall.core.quality.comparison.impairments import (
    DOWNLINK,
    IMPAIRMENTS,
    JITTER_MS,
    LATE_FROM,
    LOSS_PERCENT,
    ONE_WAY_MS,
    PLAYOUT,
    UPLINK,
    Impairment,
    impaired_spans,
    impairment_of,
    is_transit,
)
from aftercall.core.quality.comparison.issue_index import IssueIndex
from aftercall.core.quality.comparison.sent_video import SentVideo, with_screenshares
from aftercall.core.quality.comparison.topology import Topology
from aftercall.core.quality.issues import Issue, StreamRef
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS
from aftercall.core.spans import Span, covers, intersection, length_ms, overlap_ms, union

__all__ = [
    "DOWNLINK",
    "IMPAIRMENTS",
    "JITTER_MS",
    "LATE_FROM",
    "LOSS_PERCENT",
    "ONE_WAY_MS",
    "PLAYOUT",
    "UPLINK",
    "ComparedParticipant",
    "Comparison",
    "Impairment",
    "impaired_spans",
    "impairment_of",
    "is_transit",
]

SAME_SHARE: Final = 0.8
"""Two troubles that share this much of their time are one. Chosen."""

_LATE: Final[Impairment] = "late"
_ON_THE_WAY: Final[tuple[Impairment, ...]] = ("loss", "jitter")


class _ImpairmentView(NamedTuple):
    """All participants under one impairment. `own` is what the remote ends of the participants'
    uplinks to a server report back to them."""

    paths: Mapping[str, Mapping[str, PathSpans]]
    matrix: ImpairmentMatrix
    everywhere: list[Span]
    mixed: list[Span]
    """When some uplinks were impaired and others not; the server alone did not cause that."""
    own: Mapping[str, list[Span]]
    unnamed: Mapping[str, list[Span]]


class Comparison:
    """The participants of a session, compared over time."""

    def __init__(self, participants: Iterable[ComparedParticipant]) -> None:
        given = {participant.participant_id: participant for participant in participants}
        self.topology = Topology(given)
        there = without_departures(given, self.topology)
        seen = without_camera_off(there, self.topology)
        self.participants = with_screenshares(seen, self.topology)
        self.pictures = SentVideo(self.participants, self.topology)
        self.issues = IssueIndex(
            {
                participant_id: participant.issues
                for participant_id, participant in self.participants.items()
            },
            self.sender_of,
        )
        self._received = {
            participant_id: self._by_slot(participant_id, participant)
            for participant_id, participant in self.participants.items()
        }
        self._named = {
            listener: {s: t for s, t in slots.items() if s in self.participants}
            for listener, slots in self._received.items()
        }
        self._present = {
            participant_id: {slot: _present(activities) for slot, activities in slots.items()}
            for participant_id, slots in self._received.items()
        }
        self._lossy_uplinks = {
            participant_id: _spans(
                i
                for i in participant.issues
                if i.name in UPLINK
                and impairment_of(i) == "loss"
                and not self.topology.is_direct(i.stream)
            )
            for participant_id, participant in self.participants.items()
        }
        self._reported = {
            participant_id: union(
                span
                for each in self._to_server(participant)
                if each.has_loss
                for span in each.flowing
            )
            for participant_id, participant in self.participants.items()
        }
        self._views: dict[Impairment, _ImpairmentView] = {}

    def _to_server(self, participant: ComparedParticipant) -> list[StreamActivity]:
        return [
            each
            for each in participant.streams
            if each.family in PRODUCERS and not self.topology.is_direct(each.ref)
        ]

    def _by_slot(
        self, participant_id: str, participant: ComparedParticipant
    ) -> dict[str, list[StreamActivity]]:
        """The streams a listener received: by sender, or one by one if the sender is unknown. The
        audio of unknown senders stands for their pictures."""
        named: dict[str, list[StreamActivity]] = {}
        unnamed: list[StreamActivity] = []
        for each in participant.streams:
            if each.family in PRODUCERS:
                continue
            sender = self.topology.sender_of(participant_id, each.ref)
            if sender is not None:
                named.setdefault(sender, []).append(each)
            elif each.ref.from_peer_id is None or each.ref.producer_id is None:
                unnamed.append(each)
        sounds = [each for each in unnamed if each.family in AUDIO]
        counted = sounds if len(sounds) > 1 else unnamed
        return {**named, **{f"{_UNNAMED}{n}": [each] for n, each in enumerate(counted)}}

    def received(self, listener: str) -> dict[str, list[StreamActivity]]:
        """The streams that a listener received, by the participant that sent them."""
        return self._named[listener]

    def sender_of(self, listener: str, ref: StreamRef) -> str | None:
        """The participant that sent a received stream; see `SenderIndex`."""
        return self.topology.sender_of(listener, ref)

    def _view(self, impairment: Impairment) -> _ImpairmentView:
        found = self._views.get(impairment)
        if found is None:
            found = self._views[impairment] = self._seen(impairment)
        return found

    def _seen(self, impairment: Impairment) -> _ImpairmentView:
        paths = {
            participant_id: {
                slot: PathSpans(
                    self._present[participant_id][slot], impaired_spans(activities, impairment)
                )
                for slot, activities in slots.items()
            }
            for participant_id, slots in self._received.items()
        }
        own = {
            participant_id: impaired_spans(
                self._to_server(participant), *_uplink_impairments(impairment)
            )
            for participant_id, participant in self.participants.items()
        }
        by_server = [
            {
                slot: each
                for slot, each in paths[participant_id].items()
                if not any(self.topology.is_direct(t.ref) for t in slots[slot])
            }
            for participant_id, slots in self._received.items()
        ]
        uplinks = [
            PathSpans(self._reported[participant_id], own[participant_id])
            for participant_id in self.participants
        ]
        is_unnamed = any(s not in self.participants for slots in paths.values() for s in slots)
        return _ImpairmentView(
            paths,
            ImpairmentMatrix(paths, self.participants),
            impaired_for_everybody(by_server),
            spans_with_share_between(uplinks, 0.25, 0.75),
            own,
            culprits_among_unnamed(paths) if is_unnamed else {},
        )

    def sender_behind(self, listener: str, issue: Issue) -> str | None:
        """The participant behind the trouble of a received stream: its sender or, if that is
        unknown, the only participant whose uplink is found to have caused it."""
        if issue.caused_by is not None:
            return issue.caused_by
        sender = self.sender_of(listener, issue.stream)
        if sender is not None or issue.stream.from_peer_id is not None:
            return sender
        senders = self.unnamed_senders(
            listener, (issue.first_at, issue.last_at), impairment_of(issue)
        )
        return senders[0] if len(senders) == 1 else None

    def senders_behind(self, listener: str, issue: Issue) -> list[str]:
        """The same, or all participants whose uplinks caused it together, if the sender is
        unknown."""
        sender = self.sender_behind(listener, issue)
        if sender is not None:
            return [sender]
        return self.unnamed_senders(listener, (issue.first_at, issue.last_at), impairment_of(issue))

    def unnamed_senders(self, listener: str, span: Span, impairment: Impairment) -> list[str]:
        """The participants whose uplink impaired a stream of unknown sender: those who alone missed
        one stream less than all others, else the only other one whose own reports show it; none if
        the listener missed nearly everything it received."""
        view = self._view(impairment)
        inferred = [r for r, spans in view.unnamed.items() if r != listener and covers(spans, span)]
        if inferred or covers(self.listener(listener, impairment).most, span):
            return inferred
        shown = [r for r, own in view.own.items() if r != listener and covers(own, span)]
        return shown if len(shown) == 1 else []

    def listener(self, participant_id: str, impairment: Impairment) -> MatrixLine:
        """When a listener missed those it received from."""
        return self._view(impairment).matrix.listeners[participant_id]

    def sender(self, participant_id: str, impairment: Impairment) -> MatrixLine:
        """When a sender was missed by its listeners."""
        return self._view(impairment).matrix.senders[participant_id]

    def is_impaired(
        self, listener: str, sender: str | None, span: Span, impairment: Impairment
    ) -> bool:
        """Whether what the listener received from the sender was impaired in that span."""
        each = self._view(impairment).paths[listener].get(sender or "")
        return each is not None and covers(each.impaired, span)

    def is_everywhere(self, span: Span, impairment: Impairment) -> bool:
        """Whether everybody missed everybody in that span."""
        return covers(self._view(impairment).everywhere, span)

    def are_uplinks_mixed(self, span: Span, impairment: Impairment) -> bool:
        """Whether some uplinks were impaired in that span and others known not to be."""
        return covers(self._view(impairment).mixed, span)

    def is_uplink_impaired(self, sender: str, span: Span, impairment: Impairment) -> bool:
        """Whether the sender's own reports show the impairment in that span. Where a server
        conceals gaps, they come from loss or jitter on the way to it."""
        return covers(self._view(impairment).own[sender], span)

    def has_lossy_uplink(self, sender: str, span: Span) -> bool:
        """Whether the sender's own reports show enough loss in that span for an issue."""
        return covers(self._lossy_uplinks[sender], span)

    def knows_uplink(self, sender: str, span: Span) -> bool:
        """Whether the sender's own reports include the loss of its uplink in that span; they do not
        while its network is down."""
        return covers(self._reported[sender], span)

    def hears_several(self, listener: str, span: Span) -> bool:
        """Whether the listener received from more than one sender in that span."""
        return covers(self.listener(listener, "loss").several, span)

    def misses_nearly_all(self, listener: str, span: Span, impairment: Impairment) -> bool:
        """Whether the listener received from several senders in that span, and badly from nearly
        all."""
        return covers(self.listener(listener, impairment).most, span)

    def coincide(self, one: str, other: str, span: Span, impairment: Impairment) -> bool:
        """Whether two participants missed each other for nearly the same time."""
        paths = self._view(impairment).paths
        there = intersection(paths[one][other].impaired, [span])
        back = intersection(paths[other][one].impaired, [span])
        both = overlap_ms(there, back)
        return both >= SAME_SHARE * length_ms(union([*there, *back]))

    def is_slow(self, participant_id: str, span: Span) -> bool:
        """Whether round trips to the server were far longer than usual in that span."""
        return any(
            covers(each.slow, span)
            for each in self.participants[participant_id].connections
            if not self.topology.is_direct_connection(each.peer_id, each.connection_id)
        )

    def has_trouble_elsewhere(
        self, participant_id: str, other: str, span: Span, impairment: Impairment
    ) -> bool:
        """Whether a participant's other paths were impaired in that span: its path to a server, or
        paths from third participants. Loss and jitter come from a path; lateness may come from the
        participant's own machine."""
        impairments = IMPAIRMENTS if impairment == _LATE else _ON_THE_WAY
        if any(covers(self._view(each).own[participant_id], span) for each in impairments):
            return True
        return any(
            slot != other and covers(paths.impaired, span)
            for each in impairments
            for slot, paths in self._view(each).paths[participant_id].items()
        )

    def senders_missed(
        self, listener: str, span: Span, impairment: Impairment
    ) -> tuple[set[str], set[str]]:
        """The senders that the listener received in that span, and those received badly; unknown
        ones included."""
        slots = self._view(impairment).paths[listener]
        paths = {slot for slot, each in slots.items() if covers(each.present, span)}
        return paths, {slot for slot in paths if covers(slots[slot].impaired, span)}

    def listeners_missing(
        self, sender: str, span: Span, impairment: Impairment
    ) -> tuple[set[str], set[str]]:
        """The listeners that received the sender in that span, and those that received it badly:
        impaired in that way, or late. Listeners to unknown senders count if they missed
        anything."""
        impairments = {impairment, _LATE}
        listeners = self._listeners[sender]
        paths = {r for r in listeners if covers(self._present[r][sender], span)}
        missed = {
            r
            for each in impairments
            for r in paths
            if covers(self._view(each).paths[r][sender].impaired, span)
        }
        for participant_id in self._with_unnamed - paths - {sender}:
            if any(self.senders_missed(participant_id, span, each)[0] for each in impairments):
                paths.add(participant_id)
            if any(self.senders_missed(participant_id, span, each)[1] for each in impairments):
                missed.add(participant_id)
        return paths, missed

    @cached_property
    def _listeners(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {participant_id: [] for participant_id in self.participants}
        for listener, slots in self._received.items():
            for slot in slots:
                if slot in found:
                    found[slot].append(listener)
        return found

    @cached_property
    def _with_unnamed(self) -> set[str]:
        """The listeners that received streams of unknown senders."""
        return {
            participant_id
            for participant_id, slots in self._received.items()
            if any(slot not in self.participants for slot in slots)
        }


_UNNAMED: Final = "?"


def _uplink_impairments(impairment: Impairment) -> tuple[Impairment, ...]:
    return _ON_THE_WAY if impairment == _LATE else (impairment,)


def _spans(issues: Iterable[Issue]) -> list[Span]:
    return union((issue.first_at, issue.last_at) for issue in issues)


def _present(activities: Iterable[StreamActivity]) -> list[Span]:
    """When any of these streams was reported."""
    return union(span for each in activities for span in (*each.flowing, *each.stalled))
