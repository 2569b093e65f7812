"""What one participant's reports show of what it received: how often they came, when they list a
stream, when all of it stopped, and when a report that lacks a stream shows that nothing arrived."""

from functools import cached_property
from itertools import pairwise
from math import ceil, log, sqrt
from typing import Final

from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import ONE_WAY_MS
from aftercall.core.quality.stats.report_linker import PRODUCERS, Family
from aftercall.core.spans import Span, covers, lasting, overlap_ms, union, without

LEAST_PACES: Final = 2
"""Media missing for fewer reports may only have arrived between two of them."""

LISTED_PACES: Final = 12
"""The same for a stream that was listed before, if reports lack listed streams now and then, and
for pictures, which an SFU withholds. Chosen."""

CHANCE: Final = 0.001
"""The probability at which reports that lack a stream by accident count as missing media.
Chosen."""

HOLD_PACES: Final = 2
"""Streams that stop within this many reports stopped together. Chosen."""

NEARLY: Final = 0.75
"""Of a reporting interval, since reports are not exact to the millisecond."""


class ListenerReports:
    """One participant as a listener. Everything is computed once: a session asks for each pair of
    participants."""

    def __init__(self, participant: ComparedParticipant) -> None:
        self._participant = participant
        self.received = [each for each in participant.streams if each.family not in PRODUCERS]
        self._whole: dict[Span, bool | None] = {}
        self._least_ms: dict[int, int] = {}
        """By the number of consecutive reports that lack a stream."""

    @cached_property
    def present(self) -> list[Span]:
        """When the participant's reports came and anything at all arrived."""
        return union(
            span
            for each in self._participant.connections
            for span in without(each.reported, each.silent)
        )

    @cached_property
    def listed(self) -> list[Span]:
        """When reports listed any received stream."""
        return union(span for each in self.received for span in listed_spans(each))

    @cached_property
    def flowing(self) -> list[Span]:
        """When any received stream flowed."""
        return union(span for each in self.received for span in each.flowing)

    @cached_property
    def pace_ms(self) -> int:
        """The time between two reports, on the slowest connection."""
        return max((each.pace_ms for each in self._participant.connections), default=0)

    @cached_property
    def held(self) -> list[Span]:
        """When the call was on hold: everything received and the participant's own audio stopped
        together, while reports came."""
        activities = self._participant.streams
        present = union(s for c in self._participant.connections for s in c.reported)
        around_ms = HOLD_PACES * self.pace_ms
        sent = union(s for t in activities if t.family is Family.AUDIO_PRODUCER for s in t.flowing)
        came = self.flowing
        if not sent or not came:
            return []
        begun_at = max(sent[0][0], came[0][0])
        unsent = [span for span in without(present, sent) if span[0] > begun_at]
        return [
            (min(mute[0], still[0]), max(mute[1], still[1]))
            for still in without(present, came)
            for mute in unsent
            if abs(still[0] - mute[0]) <= around_ms and overlap_ms([still], [mute])
        ]

    @cached_property
    def patience(self) -> int:
        """The number of consecutive reports that must lack a previously listed stream. It grows
        with the share of reports that lack a stream which is listed again; if none ever did, one
        may still do so (Laplace's rule of succession). A report says nothing of the time before it,
        so accidents come in runs: the root of their share is taken."""
        pace_ms = self.pace_ms
        if not pace_ms:
            return LISTED_PACES
        listed = lacking = 0
        for activity in self.received:
            spans = listed_spans(activity)
            listed += sum(round((end - start) / pace_ms) for start, end in spans)
            gaps = [after[0] - before[1] for before, after in pairwise(spans)]
            # Counters that restart cost an interval too, and count as a report that lacks them.
            lacking += sum(round(gap / pace_ms) for gap in gaps if gap >= NEARLY * pace_ms)
        share = sqrt(lacking / (listed + lacking)) if lacking else 1 / (listed + 2)
        return min(max(ceil(log(CHANCE) / log(share)), LEAST_PACES), LISTED_PACES)

    def missing(self, sent: list[Span], listed: list[Span], paces: int) -> list[Span]:
        """When something was sent of which this many consecutive reports of the participant list no
        stream. `listed` is when they list one."""
        missing = without(sent, listed)
        if not missing:
            return missing
        least_ms = self._least_ms.get(paces)
        if least_ms is None:
            least_ms = max(ONE_WAY_MS, round((paces - 1 + NEARLY) * self.pace_ms))
            self._least_ms[paces] = least_ms
        return lasting(missing, least_ms)

    def is_whole(self, span: Span) -> bool | None:
        """Whether reports that lack a stream show that nothing arrived: they list another stream,
        or their connection counted next to nothing. `None` if no counter exists. Bytes that arrived
        and are listed nowhere may be the stream itself, since a client reports only on what it has
        registered."""
        if span not in self._whole:
            self._whole[span] = self._is_whole(span)
        return self._whole[span]

    def _is_whole(self, span: Span) -> bool | None:
        if overlap_ms(self._unlisted, [span]) * 2 > span[1] - span[0]:
            return False
        if covers(self.listed, span):
            return True
        connections = self._participant.connections
        if any(covers(each.busy, span) for each in connections):
            return False
        return True if any(covers(each.quiet, span) for each in connections) else None

    @cached_property
    def _unlisted(self) -> list[Span]:
        return union(s for each in self._participant.connections for s in each.unlisted)


def listed_spans(activity: StreamActivity) -> list[Span]:
    """When reports listed the stream."""
    return activity.listed or [activity.life]
