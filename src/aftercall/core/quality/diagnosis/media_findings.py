"""Bad audio and video that no network, machine or microphone explains: one finding for each
kind."""

from collections.abc import Iterable
from typing import Final

from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    PLAYOUT,
    UPLINK,
    Comparison,
    impaired_spans,
    is_transit,
)
from aftercall.core.quality.diagnosis.figures import figures_of
from aftercall.core.quality.diagnosis.findings import (
    Evidence,
    Finding,
    FindingParts,
    Subject,
    finding,
    is_sent,
    issues_named,
    media_of,
)
from aftercall.core.quality.diagnosis.issue_groups import (
    IssueGroup,
    apart_from,
    during,
    group_of,
    spans_of,
)
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family
from aftercall.core.spans import Span, overlap_ms

NO_PICTURE: Final = 1.0
"""The opinion of a picture without frames."""

_BAD_MEDIA: Final = frozenset(
    {
        IssueName.AUDIO_CONCEALMENT,
        IssueName.LOW_AUDIO_MOS,
        IssueName.LOW_VIDEO_MOS,
        IssueName.VIDEO_FROZEN,
        IssueName.LOW_FRAME_RATE,
        IssueName.LOW_RESOLUTION,
        IssueName.NEGATIVE_FEEDBACK_HIGH,
    }
)
_OPINIONS: Final = frozenset({IssueName.LOW_AUDIO_MOS, IssueName.LOW_VIDEO_MOS})

_OUTAGES: Final = frozenset(
    {IssueName.ICE_RECONNECTING, IssueName.ICE_FAILED, IssueName.CPU_LIMITED}
)
_HURT_RECEIVED: Final = _OUTAGES | {
    IssueName.DECODER_OVERLOADED,
    IssueName.NARROW_DOWNLINK,
    IssueName.HIGH_JITTER_BUFFER_DELAY,
    IssueName.ONE_WAY_AUDIO,
    IssueName.NO_AUDIO_RECEIVED,
    IssueName.NO_VIDEO_RECEIVED,
}
_HURT_SENT: Final = _OUTAGES | {
    IssueName.BANDWIDTH_LIMITED,
    IssueName.LOW_AVAILABLE_BITRATE,
    IssueName.NO_AUDIO_SENT,
    IssueName.NO_VIDEO_SENT,
}


def unseen(subject: Subject, comparison: Comparison) -> list[Finding]:
    """The people whom the participant did not see though their camera was sending."""
    missed = [i for i in issues_named(subject, IssueName.NO_VIDEO_RECEIVED) if i.origin != "remote"]
    group = group_of(apart_from(missed, spans_of(issues_named(subject, *_OUTAGES))))
    if group is None:
        return []
    senders = _senders(subject, comparison, group.issues)
    return [finding(subject, "no_video_received", group, FindingParts(peer_ids=senders))]


def unexplained(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Bad audio and video that no other finding explains; screens and cameras apart."""
    explanations = _Explanations(subject, comparison)
    left = [
        issue
        for issue in issues_named(subject, *_BAD_MEDIA)
        if not _is_senders(issue, subject, comparison)
        and not explanations.has_for(issue)
        and not _may_be_camera_off(issue, subject, comparison)
    ]
    found: list[Finding] = []
    for cause, family in _KINDS:
        group = group_of(issue for issue in left if issue.stream.family == family)
        if group is None:
            continue
        parts = FindingParts(
            peer_ids=[]
            if is_sent(group.issues[0])
            else _senders(subject, comparison, group.issues),
            figures=figures_of(group),
            media=media_of(group.issues),
            evidence=Evidence(is_loss_free=_is_loss_free(group, subject, comparison) or None),
        )
        found.append(finding(subject, cause, group, parts))
    return found


_KINDS: Final = (
    ("poor_sound", Family.AUDIO_CONSUMER),
    ("poor_sound", Family.SCREENSHARE_AUDIO_CONSUMER),
    ("poor_picture", Family.VIDEO_CONSUMER),
    ("poor_picture", Family.SCREENSHARE_VIDEO_CONSUMER),
    ("poor_sound_sent", Family.AUDIO_PRODUCER),
    ("poor_sound_sent", Family.SCREENSHARE_AUDIO_PRODUCER),
    ("poor_picture_sent", Family.VIDEO_PRODUCER),
    ("poor_picture_sent", Family.SCREENSHARE_VIDEO_PRODUCER),
)


def _is_senders(issue: Issue, subject: Subject, comparison: Comparison) -> bool:
    """Whether the issue belongs to a finding about somebody else, or the server."""
    if issue.origin == "server" or (issue.origin == "remote" and is_sent(issue)):
        return True
    is_known = comparison.sender_of(subject.participant_id, issue.stream) is not None
    return issue.origin == "remote" and is_known


def _may_be_camera_off(issue: Issue, subject: Subject, comparison: Comparison) -> bool:
    """Whether a picture that never arrived may not have been sent: the lowest opinion is that of no
    frame at all, and nobody reports whether an unknown sender's camera was on."""
    is_empty = issue.name is IssueName.LOW_VIDEO_MOS and issue.worst.get("mos", 5.0) <= NO_PICTURE
    is_known = comparison.sender_of(subject.participant_id, issue.stream) is not None
    return is_empty and not is_sent(issue) and not is_known


class _Explanations:
    """A participant's trouble that has its own finding, and the media that it spoils."""

    def __init__(self, subject: Subject, comparison: Comparison) -> None:
        self._subject = subject
        self._comparison = comparison
        self._episodes: dict[tuple[bool, bool, bool], list[Span]] = {}

    def has_for(self, issue: Issue) -> bool:
        """Whether such trouble lasted for half of an issue's time and affects such a stream. Long
        round trips spoil an opinion, but neither audio nor video."""
        if issue.name in PLAYOUT and issue.origin == "local" and not is_sent(issue):
            return True
        is_asked_again = issue.name is IssueName.NEGATIVE_FEEDBACK_HIGH
        kind = (is_sent(issue), issue.name in _OPINIONS, is_asked_again)
        if kind not in self._episodes:
            self._episodes[kind] = self._episodes_of(*kind)
        return bool(during([issue], self._episodes[kind]))

    def _episodes_of(self, is_of_sent: bool, is_opinion: bool, is_asked_again: bool) -> list[Span]:
        network, hurt = (UPLINK, _HURT_SENT) if is_of_sent else (DOWNLINK, _HURT_RECEIVED)
        causes = issues_named(self._subject, *hurt)
        causes += [i for i in issues_named(self._subject, *network) if is_transit(i)]
        if is_opinion:
            causes += issues_named(self._subject, *network, IssueName.HIGH_RTT)
        if is_asked_again:
            causes += _trouble_of_listeners(self._subject, self._comparison)
        return IssueGroup(causes).episodes if causes else []


def _trouble_of_listeners(subject: Subject, comparison: Comparison) -> list[Issue]:
    """The issues of listeners that make them request key frames: they miss packets, or cannot keep
    up."""
    return [
        issue
        for participant_id, participant in comparison.participants.items()
        if participant_id != subject.participant_id
        for issue in participant.issues
        if issue.name in DOWNLINK or issue.name is IssueName.DECODER_OVERLOADED
    ]


def _senders(subject: Subject, comparison: Comparison, issues: Iterable[Issue]) -> list[str]:
    rows = {comparison.sender_of(subject.participant_id, issue.stream) for issue in issues}
    return sorted(participant_id for participant_id in rows if participant_id is not None)


def _is_loss_free(group: IssueGroup, subject: Subject, comparison: Comparison) -> bool:
    """Whether audio or video broke off while every part of the path, the listener's streams and the
    senders' uplinks, is known to have lost next to nothing. A screen may simply stand still."""
    has_broken = {IssueName.AUDIO_CONCEALMENT, IssueName.VIDEO_FROZEN} & set(group.names)
    family = Family(group.issues[0].stream.family or "")
    if not has_broken or is_sent(group.issues[0]) or family in SCREENSHARES:
        return False
    refs = {(i.stream.family, i.stream.ssrc, i.stream.consumer_id) for i in group.issues}
    received = [
        activity
        for activity in comparison.participants[subject.participant_id].streams
        if (activity.ref.family, activity.ref.ssrc, activity.ref.consumer_id) in refs
    ]
    senders = {comparison.sender_of(subject.participant_id, issue.stream) for issue in group.issues}
    sent = [
        activity
        for participant_id in senders
        if participant_id is not None
        for activity in comparison.participants[participant_id].streams
        if activity.family in PRODUCERS and (activity.family in AUDIO) is (family in AUDIO)
    ]
    return None not in senders and all(
        _is_clean(activities, group) for activities in (received, sent)
    )


def _is_clean(activities: list[StreamActivity], group: IssueGroup) -> bool:
    """Whether there are such streams, their loss is known, and there was hardly any."""
    return (
        bool(activities)
        and all(activity.has_loss for activity in activities)
        and not overlap_ms(impaired_spans(activities, "loss"), group.episodes)
    )
