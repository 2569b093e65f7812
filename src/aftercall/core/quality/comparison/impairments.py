"""Impairments of a path: loss, jitter, lateness; which issues are about them and how severe they
must be."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.spans import Span, union

LOSS_PERCENT: Final = 5
JITTER_MS: Final = 50
"""The values from which a network issue is about loss or jitter, as in the catalogue; a long round
trip alone concerns only the listener."""

LATE_FROM: Final = {
    "concealment_percent": 5.0,
    "frozen_percent": 30.0,
    "mean_freeze_ms": 1_000.0,
    "jitter_buffer_ms": 250.0,
}
"""The values from which an issue is about lateness, as in the catalogue: media arrived too late to
be played, or not at all while the server concealed the gap."""

ONE_WAY_MS: Final = 10 * SECOND_MS
"""The least duration of one-way media. Two reports at the usual interval may miss the sender's
pause. Chosen."""

UPLINK: Final = frozenset({IssueName.POOR_NETWORK_UPLINK, IssueName.SEVERE_NETWORK_UPLINK})
DOWNLINK: Final = frozenset({IssueName.POOR_NETWORK_DOWNLINK, IssueName.SEVERE_NETWORK_DOWNLINK})
PLAYOUT: Final = frozenset(
    {
        IssueName.AUDIO_CONCEALMENT,
        IssueName.HIGH_JITTER_BUFFER_DELAY,
        IssueName.VIDEO_FROZEN,
    }
)
"""The issues of lateness."""

Impairment = Literal["loss", "jitter", "late"]
"""What a path did to packets, as far as it can be seen. Slight jitter is no loss; where a server
conceals gaps, loss shows only as concealment."""

IMPAIRMENTS: Final[tuple[Impairment, ...]] = ("loss", "jitter", "late")


def impaired_spans(activities: Iterable[StreamActivity], *impairments: Impairment) -> list[Span]:
    """When any of the streams had one of the impairments, short recoveries included."""
    spans = (
        span
        for each in activities
        for impairment in impairments
        for span in _impaired_when(each, impairment)
    )
    return union(spans, within_ms=ONE_WAY_MS)


def _impaired_when(activity: StreamActivity, impairment: Impairment) -> Sequence[Span]:
    if impairment == "loss":
        return activity.lossy
    return activity.jittery if impairment == "jitter" else activity.late


def is_transit(issue: Issue) -> bool:
    """Whether a network issue is about loss, jitter or lateness, and not about the round trip
    alone."""
    return impairment_of(issue) != "jitter" or issue.worst.get("jitter_ms", 0.0) >= JITTER_MS


def impairment_of(issue: Issue) -> Impairment:
    """The impairment that an issue is about: loss, if there was enough of it for an issue."""
    if issue.worst.get("loss_percent", 0.0) >= LOSS_PERCENT:
        return "loss"
    if issue.worst.get("jitter_ms", 0.0) >= JITTER_MS:
        return "jitter"
    is_late = any(issue.worst.get(name, 0.0) >= least for name, least in LATE_FROM.items())
    return "late" if is_late else "jitter"
