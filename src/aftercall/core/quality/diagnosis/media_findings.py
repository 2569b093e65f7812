"""Sound and pictures that were bad though no network, machine or microphone explains it: one
finding for each kind."""

from collections.abc import Iterable
from typing import Final

from aftercall.core.quality.activity.stream_activity import Span, StreamActivity, overlap_ms
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    PLAYOUT,
    UPLINK,
    Session,
    is_transit,
    strained,
)
from aftercall.core.quality.diagnosis.figures import figures_of
from aftercall.core.quality.diagnosis.findings import (
    Evidence,
    Finding,
    Parts,
    Subject,
    finding,
    is_sent,
    media_of,
    named,
)
from aftercall.core.quality.diagnosis.issue_groups import (
    Group,
    apart_from,
    during,
    group_of,
    spans_of,
)
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS, SCREENSHARES, Family

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


def unseen(subject: Subject, session: Session) -> list[Finding]:
    """Whom the participant did not see though that person's camera was sending."""
    missed = [i for i in named(subject, IssueName.NO_VIDEO_RECEIVED) if i.origin != "remote"]
    group = group_of(apart_from(missed, spans_of(named(subject, *_OUTAGES))))
    if group is None:
        return []
    senders = _senders(subject, session, group.issues)
    return [finding(subject, "no_video_received", group, Parts(peer_ids=senders))]


def unexplained(subject: Subject, session: Session) -> list[Finding]:
    """Bad sound and pictures that no other finding explains; a screen apart from a camera."""
    explanations = _Explanations(subject, session)
    left = [
        issue
        for issue in named(subject, *_BAD_MEDIA)
        if not _is_senders(issue, subject, session)
        and not explanations.has_for(issue)
        and not _may_be_camera_off(issue, subject, session)
    ]
    found: list[Finding] = []
    for cause, family in _KINDS:
        group = group_of(issue for issue in left if issue.stream.family == family)
        if group is None:
            continue
        parts = Parts(
            peer_ids=[] if is_sent(group.issues[0]) else _senders(subject, session, group.issues),
            figures=figures_of(group),
            media=media_of(group.issues),
            evidence=Evidence(is_loss_free=_is_loss_free(group, subject, session) or None),
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


def _is_senders(issue: Issue, subject: Subject, session: Session) -> bool:
    """Whether it is a finding about somebody else's trouble, or the server's."""
    if issue.origin == "server" or (issue.origin == "remote" and is_sent(issue)):
        return True
    is_known = session.sender_of(subject.row_id, issue.stream) is not None
    return issue.origin == "remote" and is_known


def _may_be_camera_off(issue: Issue, subject: Subject, session: Session) -> bool:
    """Whether a picture that never came may not have been sent: the least opinion is that of no
    frame at all, and of an unknown sender's camera nobody reports whether it was on."""
    is_empty = issue.name is IssueName.LOW_VIDEO_MOS and issue.worst.get("mos", 5.0) <= NO_PICTURE
    is_known = session.sender_of(subject.row_id, issue.stream) is not None
    return is_empty and not is_sent(issue) and not is_known


class _Explanations:
    """Trouble of a participant that has a finding of its own, and what it spoils."""

    def __init__(self, subject: Subject, session: Session) -> None:
        self._subject = subject
        self._session = session
        self._spells: dict[tuple[bool, bool, bool], list[Span]] = {}

    def has_for(self, issue: Issue) -> bool:
        """Whether such trouble lasted for half of an issue's time and hurts such a stream. Long
        round trips spoil an opinion, but neither sound nor picture."""
        if issue.name in PLAYOUT and issue.origin == "local" and not is_sent(issue):
            return True
        is_asked_again = issue.name is IssueName.NEGATIVE_FEEDBACK_HIGH
        kind = (is_sent(issue), issue.name in _OPINIONS, is_asked_again)
        if kind not in self._spells:
            self._spells[kind] = self._spells_of(*kind)
        return bool(during([issue], self._spells[kind]))

    def _spells_of(self, is_of_sent: bool, is_opinion: bool, is_asked_again: bool) -> list[Span]:
        network, hurt = (UPLINK, _HURT_SENT) if is_of_sent else (DOWNLINK, _HURT_RECEIVED)
        causes = named(self._subject, *hurt)
        causes += [i for i in named(self._subject, *network) if is_transit(i)]
        if is_opinion:
            causes += named(self._subject, *network, IssueName.HIGH_RTT)
        if is_asked_again:
            causes += _trouble_of_listeners(self._subject, self._session)
        return Group(causes).spells if causes else []


def _trouble_of_listeners(subject: Subject, session: Session) -> list[Issue]:
    """Who misses packets, or cannot keep up, asks for the picture again."""
    return [
        issue
        for row_id, party in session.parties.items()
        if row_id != subject.row_id
        for issue in party.issues
        if issue.name in DOWNLINK or issue.name is IssueName.DECODER_OVERLOADED
    ]


def _senders(subject: Subject, session: Session, issues: Iterable[Issue]) -> list[str]:
    rows = {session.sender_of(subject.row_id, issue.stream) for issue in issues}
    return sorted(row_id for row_id in rows if row_id is not None)


def _is_loss_free(group: Group, subject: Subject, session: Session) -> bool:
    """Whether sound or picture broke off and every part of the way is known to have lost next to
    nothing: the listener's streams and the senders' uplinks. A screen may simply stand still."""
    has_broken = {IssueName.AUDIO_CONCEALMENT, IssueName.VIDEO_FROZEN} & set(group.names)
    family = Family(group.issues[0].stream.family or "")
    if not has_broken or is_sent(group.issues[0]) or family in SCREENSHARES:
        return False
    refs = {(i.stream.family, i.stream.ssrc, i.stream.consumer_id) for i in group.issues}
    received = [
        trace
        for trace in session.parties[subject.row_id].traces
        if (trace.ref.family, trace.ref.ssrc, trace.ref.consumer_id) in refs
    ]
    senders = {session.sender_of(subject.row_id, issue.stream) for issue in group.issues}
    sent = [
        trace
        for row_id in senders
        if row_id is not None
        for trace in session.parties[row_id].traces
        if trace.family in PRODUCERS and (trace.family in AUDIO) is (family in AUDIO)
    ]
    return None not in senders and all(_is_clean(traces, group) for traces in (received, sent))


def _is_clean(traces: list[StreamActivity], group: Group) -> bool:
    """Whether there is such a stream, the loss of all is known, and there was hardly any."""
    return (
        bool(traces)
        and all(trace.has_loss for trace in traces)
        and not overlap_ms(strained(traces, "loss"), group.spells)
    )
