"""What to tell people about sound and pictures that were bad though no network, machine or
microphone that is told of explains it: one calm sentence for each kind."""

from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.quality.attribution.findings import (
    Finding,
    Subject,
    during,
    finding,
    named,
    spans_of,
)
from aftercall.core.quality.attribution.session import (
    DOWNLINK,
    UPLINK,
    Session,
    is_transit,
    strained,
)
from aftercall.core.quality.attribution.tellings import Group, group_of, listed, percent
from aftercall.core.quality.attribution.traces import overlap_ms
from aftercall.core.quality.intervals.streams import AUDIO, PRODUCERS, Family
from aftercall.core.quality.rules.issues import Issue, IssueName

MOST_NAMED: Final = 3
"""More people than this are counted, not named."""

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

_UNKNOWN: Final = "the reports do not tell why"
_LATE: Final = "the network lost next to nothing, so late packets or a busy machine are likely"


def unseen(subject: Subject, session: Session) -> list[Finding]:
    """Whom they did not see though that person's camera was sending."""
    missed = named(subject, IssueName.NO_VIDEO_RECEIVED)
    outages = during(missed, spans_of(named(subject, *_OUTAGES)))
    group = group_of(issue for issue in missed if issue not in outages)
    if group is None:
        return []
    senders = _senders(subject, session, group.issues)
    whom = _whom(subject, senders)
    sentence = f"They saw nothing{whom and f' of {whom}'} {group.when} although it was sent."
    return [finding(subject, "no_video_received", group, sentence, peer_ids=senders)]


def unexplained(subject: Subject, session: Session) -> list[Finding]:
    """Bad sound and pictures that nothing else told of explains."""
    left = [
        issue
        for issue in named(subject, *_BAD_MEDIA)
        if not _is_told_of_sender(issue, subject, session)
        and not _is_explained(issue, subject, session)
        and not _may_be_camera_off(issue, subject, session)
    ]
    found: list[Finding] = []
    for cause, is_sent, is_audio in _KINDS:
        group = group_of(
            issue for issue in left if _is_sent(issue) is is_sent and _is_audio(issue) is is_audio
        )
        if group is None:
            continue
        senders = [] if is_sent else _senders(subject, session, group.issues)
        whom = _whom(subject, senders)
        if is_sent:
            what = "The sound they sent" if is_audio else "The picture they sent"
        else:
            what = f"What they {'heard' if is_audio else 'saw'}{whom and f' of {whom}'}"
        sentence = f"{what} {listed(_faults(group))} {group.when}; {_why(group, subject, session)}."
        found.append(finding(subject, cause, group, sentence, peer_ids=senders))
    return found


_KINDS: Final = (
    ("poor_sound", False, True),
    ("poor_picture", False, False),
    ("poor_sound_sent", True, True),
    ("poor_picture_sent", True, False),
)


def _is_sent(issue: Issue) -> bool:
    return issue.stream.family is not None and Family(issue.stream.family) in PRODUCERS


def _is_audio(issue: Issue) -> bool:
    return issue.stream.family is not None and Family(issue.stream.family) in AUDIO


def _is_told_of_sender(issue: Issue, subject: Subject, session: Session) -> bool:
    """Whether it is told as somebody else's trouble."""
    is_known = session.sender_of(subject.row_id, issue.stream) is not None
    return issue.origin == "remote" and is_known


def _may_be_camera_off(issue: Issue, subject: Subject, session: Session) -> bool:
    """Whether a picture that never came may not have been sent: the least opinion is that of no
    frame at all, and of an unknown sender's camera nobody tells whether it was on."""
    is_empty = issue.name is IssueName.LOW_VIDEO_MOS and issue.worst.get("mos", 5.0) <= NO_PICTURE
    is_known = session.sender_of(subject.row_id, issue.stream) is not None
    return is_empty and not _is_sent(issue) and not is_known


def _is_explained(issue: Issue, subject: Subject, session: Session) -> bool:
    """Whether trouble that is told of lasted for half of the time and hurts such a stream. Long
    round trips spoil an opinion, but neither sound nor picture."""
    is_sent = _is_sent(issue)
    network, hurt = (UPLINK, _HURT_SENT) if is_sent else (DOWNLINK, _HURT_RECEIVED)
    causes = [*named(subject, *hurt), *(i for i in named(subject, *network) if is_transit(i))]
    if issue.name in _OPINIONS:
        causes += named(subject, *network, IssueName.HIGH_RTT)
    if issue.name is IssueName.NEGATIVE_FEEDBACK_HIGH:
        causes += _trouble_of_listeners(subject, session)
    return bool(during([issue], Group(causes).spells)) if causes else False


def _trouble_of_listeners(subject: Subject, session: Session) -> list[Issue]:
    """Who misses packets, or cannot keep up, asks for the picture anew."""
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


def _whom(subject: Subject, senders: Sequence[str]) -> str:
    if len(senders) > MOST_NAMED:
        return f"{len(senders)} others"
    return listed(sorted(subject.names.get(row_id, row_id) for row_id in senders))


def _faults(group: Group) -> list[str]:
    """What was wrong, as ends of a sentence; the estimated opinion only when nothing else is."""
    found: list[str] = []
    made_up = group.worst("concealment_percent")
    if made_up is not None:
        found.append(f"was broken up (up to {percent(made_up)} made up)")
    still, freeze_ms = group.worst("frozen_percent"), group.worst("mean_freeze_ms")
    if still:
        found.append(f"stood still for up to {percent(still)} of the time")
    elif freeze_ms:
        found.append(f"stood still for {freeze_ms / 1000:.1f} s at a time")
    fps = group.worst("fps", lowest=True)
    if fps is not None:
        found.append(f"was slow (down to {fps:.0f} frames a second)")
    width = group.worst("width_px", lowest=True)
    if width is not None:
        found.append(f"was small (down to {width:.0f} pixels wide)")
    requests = group.worst("requests_per_s")
    if requests is not None:
        found.append(f"was asked for anew up to {requests:.1f} times a second")
    mos = group.worst("mos", lowest=True)
    if not found and mos is not None:
        found.append(f"was poor (estimated at {mos:.1f} of 5)")
    return found or ["was poor"]


def _why(group: Group, subject: Subject, session: Session) -> str:
    """Late packets or a busy machine where sound or picture broke off without loss."""
    has_broken = {IssueName.AUDIO_CONCEALMENT, IssueName.VIDEO_FROZEN} & set(group.names)
    refs = {(i.stream.family, i.stream.ssrc, i.stream.consumer_id) for i in group.issues}
    traces = [
        each
        for each in session.parties[subject.row_id].traces
        if (each.ref.family, each.ref.ssrc, each.ref.consumer_id) in refs
    ]
    is_lossless = (
        bool(traces)
        and all(each.has_loss for each in traces)
        and not overlap_ms(strained(traces, "loss"), group.spells)
    )
    return _LATE if has_broken and is_lossless else _UNKNOWN
