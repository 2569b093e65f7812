"""Lost connections and their origin. A connection between two browsers is lost at both ends; it
originates from the participant that lost its other connections as well."""

from typing import Final

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.compared_participant import MOST_SHARE
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.comparison.departures import OUTAGES
from aftercall.core.quality.issues import WARM_UP_MS, Issue
from aftercall.core.spans import Span, covers, union

AFTERMATH_MS: Final = 2 * WARM_UP_MS
"""The time after an outage in which trouble follows from it: losses are counted with the first
packets after it, and encoders and congestion control ramp up. Chosen."""


class LostConnections:
    """The lost connections of a session's participants."""

    def __init__(self, comparison: Comparison) -> None:
        self._topology = comparison.topology
        self._lost: dict[str, dict[str | None, list[Span]]] = {}
        self._connections: dict[str, int] = {}
        for participant_id, participant in comparison.participants.items():
            lost: dict[str | None, list[Span]] = {}
            for issue in participant.issues:
                if issue.name in OUTAGES:
                    name = issue.stream.connection_id
                    lost.setdefault(name, []).append((issue.first_at, issue.last_at))
            self._lost[participant_id] = lost
            self._connections[participant_id] = len(participant.connections)
        self._own = {
            participant_id: union(
                (issue.first_at, issue.last_at)
                for issue in participant.issues
                if issue.name in OUTAGES and self.culprit_of(issue, participant_id) is None
            )
            for participant_id, participant in comparison.participants.items()
        }
        self._aftermaths = {
            participant_id: union((start, EpochMs(end + AFTERMATH_MS)) for start, end in own)
            for participant_id, own in self._own.items()
        }

    def culprit_of(self, issue: Issue, participant_id: str) -> str | None:
        """The participant at the other end, if the connection was lost on that side."""
        far = self._topology.far_end(issue.stream)
        if far is None:
            return None
        span = (issue.first_at, issue.last_at)
        is_fars = self._has_lost_most(far, span) and not self._has_lost_most(participant_id, span)
        return far if is_fars else None

    def _has_lost_most(self, participant_id: str, span: Span) -> bool:
        lost = sum(covers(spans, span) for spans in self._lost[participant_id].values())
        count = self._connections[participant_id]
        return count > 1 and lost >= MOST_SHARE * count

    def of(self, participant_id: str) -> list[Span]:
        """When a participant lost its own connection."""
        return self._own[participant_id]

    def explain(self, participant_id: str, span: Span) -> bool:
        """Whether a span lies in, or just after, a participant's lost connection."""
        return covers(self._aftermaths[participant_id], span)

    def with_origin(self, issue: Issue, participant_id: str) -> Issue:
        """A lost connection with its origin."""
        culprit = self.culprit_of(issue, participant_id)
        return replace(issue, origin="remote" if culprit else "local", caused_by=culprit)
