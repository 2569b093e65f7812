"""Audio and video that were sent and did not arrive at all.

Missing media shows as a stream that is stalled, or as no stream at all. An SFU withholds pictures
on purpose, those that nobody looks at and those beyond a number, so a picture is missed only where
it is to be shown, or where one listener lacks one camera that all others see.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.attribution.listener_reports import (
    LEAST_PACES,
    LISTED_PACES,
    ListenerReports,
    listed_spans,
)
from aftercall.core.quality.attribution.lost_connections import LostConnections
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import ONE_WAY_MS, Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import AUDIO, Family
from aftercall.core.spans import (
    Span,
    covers,
    intersection,
    lasting,
    length_ms,
    overlap_ms,
    union,
    without,
)

HEARD_SHARE: Final = 0.2
"""Of the time in which one participant alone spoke; a voice heard for less was an echo. Chosen."""


class MissingMedia:
    """Who was not heard or seen by whom, in a session whose streams are compared once."""

    def __init__(self, comparison: Comparison, outages: LostConnections) -> None:
        self._comparison = comparison
        self._outages = outages
        self._rows = comparison.participants
        self._speaks = {
            participant_id: _sent(participant, Family.AUDIO_PRODUCER)
            for participant_id, participant in _of(comparison)
        }
        self._voices = {
            participant_id: union(
                (
                    s
                    for t in participant.streams
                    if t.family is Family.AUDIO_PRODUCER
                    for s in t.voiced
                ),
                within_ms=ONE_WAY_MS,
            )
            for participant_id, participant in _of(comparison)
        }
        self._shows = {
            participant_id: _sent(participant, Family.VIDEO_PRODUCER)
            for participant_id, participant in _of(comparison)
        }
        self._reports = {
            participant_id: ListenerReports(participant)
            for participant_id, participant in _of(comparison)
        }
        self._lists_any = any(each.listed for each in self._reports.values())

    def of(self, participant_id: str) -> list[Issue]:
        """The issues of senders that could not be heard though they spoke (one-way audio if
        something else arrived at the time, else no audio at all), and of pictures that were to be
        shown."""
        received = self._reports[participant_id].received
        found = [
            *self._stalled(participant_id, received),
            *self._unheard(participant_id, received),
            *self._unseen(participant_id),
        ]
        return [each for issue in found for each in self._with_origin(issue, participant_id)]

    def _with_origin(self, issue: Issue, participant_id: str) -> list[Issue]:
        """The issue with its origin: the sender, if it follows from the sender's lost connection;
        dropped if it follows from the listener's own."""
        span = (issue.first_at, issue.last_at)
        if covers(self._outages.of(participant_id), span) or covers(
            self._reports[participant_id].held, span
        ):
            return []
        sender = self._comparison.sender_of(participant_id, issue.stream)
        if sender is not None and covers(self._outages.of(sender), span):
            return [replace(issue, origin="remote", caused_by=sender)]
        return [issue]

    def _stalled(self, participant_id: str, received: Iterable[StreamActivity]) -> list[Issue]:
        """The issues of streams that are stalled while no other stream of the sender and family
        flows."""
        found: list[Issue] = []
        by_sender = self._comparison.received(participant_id)
        for each in received:
            sender = self._comparison.sender_of(participant_id, each.ref) if each.stalled else None
            if sender is None:
                continue
            siblings = union(
                span
                for other in by_sender.get(sender, ())
                if other.family is each.family
                for span in other.flowing
            )
            stalled = without(each.stalled, siblings)
            for span in self._missing_of(each, sender, stalled):
                found.append(self._missed(participant_id, each.ref, each.family, span))
        return found

    def _missing_of(self, received: StreamActivity, sender: str, stalled: list[Span]) -> list[Span]:
        """When the media of a stalled stream was sent: audio, in a time in which the sender spoke
        for long enough, pauses included, or a picture that was to be shown."""
        if received.family is Family.AUDIO_CONSUMER:
            spoken = lasting(intersection(stalled, self._voices[sender]), ONE_WAY_MS)
            sent = lasting(intersection(stalled, self._speaks[sender]), ONE_WAY_MS)
            return [span for span in sent if overlap_ms(spoken, [span])]
        if received.family is Family.VIDEO_CONSUMER:
            shown = intersection(self._shows[sender], received.shown)
            return lasting(intersection(stalled, shown), ONE_WAY_MS)
        return []

    def _missed(self, participant_id: str, ref: StreamRef, family: Family, span: Span) -> Issue:
        name = IssueName.NO_VIDEO_RECEIVED
        if family in AUDIO:
            name = IssueName.NO_AUDIO_RECEIVED
            if covers(self._reports[participant_id].flowing, span):
                name = IssueName.ONE_WAY_AUDIO
        return single(name, ref, *span, {"silent_ms": float(span[1] - span[0])})

    def _unheard(self, participant_id: str, received: Iterable[StreamActivity]) -> list[Issue]:
        """The issues of voices without any stream."""
        reports = self._reports[participant_id]
        present = reports.present
        lives = self._lives(participant_id, Family.AUDIO_CONSUMER)
        unnamed = [
            t
            for t in received
            if t.family is Family.AUDIO_CONSUMER
            and self._comparison.sender_of(participant_id, t.ref) is None
            and t.flowing
        ]
        found: list[Issue] = []
        for sender in self._rows if present else ():
            if sender == participant_id or not self._voices[sender]:
                continue
            listed = lives.get(sender, [])
            sent = intersection(self._speaks[sender], present)
            paces = reports.patience if listed else LEAST_PACES
            for span in self._missing(participant_id, sent, listed, paces):
                spoken = intersection(self._voices[sender], [span])
                if overlap_ms(spoken, [span]) < ONE_WAY_MS:
                    continue
                if not unnamed or self._is_voice_missing(sender, participant_id, span, unnamed):
                    ref = self._ref(participant_id, sender, Family.AUDIO_CONSUMER)
                    found.append(self._missed(participant_id, ref, Family.AUDIO_CONSUMER, span))
        return found

    def _missing(
        self, participant_id: str, sent: list[Span], listed: list[Span], paces: int
    ) -> list[Span]:
        """When something was sent of which this many consecutive, otherwise complete reports of the
        listener list no stream. `listed` is when they list one."""
        missing = self._reports[participant_id].missing(sent, listed, paces)
        return [span for span in missing if self._is_whole(participant_id, span)]

    def _is_whole(self, participant_id: str, span: Span) -> bool:
        """Whether reports that lack a stream show that nothing arrived. If no counter exists, the
        other participants' reports stand for it: from a source that lists no received streams, none
        is missing."""
        is_whole = self._reports[participant_id].is_whole(span)
        return self._lists_any if is_whole is None else is_whole

    def _is_voice_missing(
        self, sender: str, listener: str, span: Span, unnamed: Iterable[StreamActivity]
    ) -> bool:
        """Whether none of the streams of unknown sender can be the sender's: there are none at all,
        or there are too few and none was loud while the sender alone spoke."""
        streams = list(unnamed)
        if not covers(union(s for t in streams for s in t.flowing), span):
            return True
        named = self._comparison.received(listener)
        senders = [r for r, s in self._voices.items() if s and r != listener and r not in named]
        if sum(covers(t.flowing, span) for t in streams) >= len(senders):
            return False
        others = [
            s
            for participant_id, spoken in self._voices.items()
            if participant_id not in (sender, listener)
            for s in spoken
        ]
        alone = without(intersection(self._voices[sender], [span]), union(others))
        alone_ms = length_ms(alone)
        audible = union((s for t in streams for s in t.voiced), within_ms=ONE_WAY_MS)
        return (
            bool(audible)
            and alone_ms >= ONE_WAY_MS
            and overlap_ms(alone, audible) <= HEARD_SHARE * alone_ms
        )

    def _lives(self, participant_id: str, family: Family) -> dict[str, list[Span]]:
        """When there was a stream of each sender, stalled or not; one report earlier, since reports
        lag."""
        pace_ms = self._reports[participant_id].pace_ms
        return {
            sender: union(
                (EpochMs(start - pace_ms), end)
                for each in activities
                if each.family is family
                for start, end in listed_spans(each)
            )
            for sender, activities in self._comparison.received(participant_id).items()
        }

    def _ref(self, participant_id: str, sender: str, family: Family) -> StreamRef:
        """The reference to a stream that never existed."""
        return StreamRef(
            peer_id=min(self._rows[participant_id].peer_ids, default=participant_id),
            family=family.value,
            from_peer_id=min(self._rows[sender].peer_ids, default=sender),
        )

    def _unseen(self, participant_id: str) -> list[Issue]:
        family = Family.VIDEO_CONSUMER
        return [
            self._missed(participant_id, self._ref(participant_id, sender, family), family, span)
            for sender, span in self._unseen_cameras.get(participant_id, ())
        ]

    @cached_property
    def _unseen_cameras(self) -> Mapping[str, list[tuple[str, Span]]]:
        """By listener, the cameras without any stream that all others saw. If more than one camera
        is missing anywhere, the SFU selects what it sends, and none counts."""
        missing: list[tuple[str, str, Span]] = []
        for listener, reports in self._reports.items():
            present = reports.present
            is_named = all(
                self._comparison.sender_of(listener, t.ref) is not None
                for t in self._rows[listener].streams
                if t.family is Family.VIDEO_CONSUMER
            )
            if not present or not is_named:
                continue
            lives = self._lives(listener, Family.VIDEO_CONSUMER)
            for sender, shown in self._shows.items():
                if sender == listener or not shown:
                    continue
                sent = intersection(shown, present)
                listed = lives.get(sender, [])
                paces = LISTED_PACES if listed else LEAST_PACES
                for span in self._missing(listener, sent, listed, paces):
                    missing.append((listener, sender, span))
                if missing and missing[0][:2] != missing[-1][:2]:
                    return {}
        found: dict[str, list[tuple[str, Span]]] = {}
        for listener, sender, span in missing:
            if self._has_camera_life(listener) and self._do_others_see(listener, sender, span):
                found.setdefault(listener, []).append((sender, span))
        return found

    def _has_camera_life(self, participant_id: str) -> bool:
        """Whether a participant uses video: sends a picture, or receives one."""
        return bool(self._shows[participant_id]) or any(
            t.family is Family.VIDEO_CONSUMER and t.flowing
            for t in self._rows[participant_id].streams
        )

    def _do_others_see(self, listener: str, sender: str, span: Span) -> bool:
        """Whether all others see the camera, and do not merely have a stream of it that is
        withheld; if there are no others, whether it was sent directly."""
        others = [
            participant_id
            for participant_id, reports in self._reports.items()
            if participant_id not in (listener, sender) and covers(reports.present, span)
        ]
        if not others:
            activities = self._rows[sender].streams
            sent = [t for t in activities if t.family is Family.VIDEO_PRODUCER]
            return bool(sent) and all(self._comparison.topology.is_direct(t.ref) for t in sent)
        return all(covers(self._sees(participant_id, sender), span) for participant_id in others)

    def _sees(self, listener: str, sender: str) -> list[Span]:
        activities = self._comparison.received(listener).get(sender, ())
        return union(s for t in activities if t.family is Family.VIDEO_CONSUMER for s in t.flowing)


def _of(comparison: Comparison) -> Iterable[tuple[str, ComparedParticipant]]:
    return comparison.participants.items()


def _sent(participant: ComparedParticipant, family: Family) -> list[Span]:
    return union(
        (s for t in participant.streams if t.family is family for s in t.flowing),
        within_ms=ONE_WAY_MS,
    )
