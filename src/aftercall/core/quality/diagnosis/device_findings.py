"""Findings about microphones, cameras and loudspeakers, each with a preceding device change."""

from typing import Final

from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.diagnosis.figures import figures_of
from aftercall.core.quality.diagnosis.findings import (
    DeviceKind,
    Evidence,
    Finding,
    FindingParts,
    Subject,
    finding,
    issues_named,
    switch_before,
)
from aftercall.core.quality.diagnosis.issue_groups import IssueGroup, group_of
from aftercall.core.quality.issues import Issue, IssueName


def one_way(subject: Subject, comparison: Comparison) -> list[Finding]:
    """The people whom the participant did not hear though they spoke, one finding a person."""
    unheard: dict[str, list[Issue]] = {}
    for issue in issues_named(subject, IssueName.ONE_WAY_AUDIO, IssueName.NO_AUDIO_RECEIVED):
        sender = comparison.sender_of(subject.participant_id, issue.stream)
        if sender is not None and issue.origin != "remote":
            unheard.setdefault(sender, []).append(issue)
    return [
        _of_device(subject, "one_way_audio", IssueGroup(issues), "speaker", [sender])
        for sender, issues in unheard.items()
    ]


def unplayed(subject: Subject, comparison: Comparison) -> list[Finding]:
    """Audio that arrived and was not played."""
    group = group_of(issues_named(subject, IssueName.AUDIO_NOT_PLAYED))
    if group is None:
        return []
    rows = {comparison.sender_of(subject.participant_id, issue.stream) for issue in group.issues}
    senders = [participant_id for participant_id in rows if participant_id is not None]
    return [_of_device(subject, "audio_not_played", group, "speaker", senders)]


def microphone(subject: Subject, comparison: Comparison) -> list[Finding]:
    """A microphone that gave silence or a constant sound, and media that was not sent though
    switched on."""
    found: list[Finding] = []
    for name, cause, kind in _CAUSES:
        group = group_of(issues_named(subject, name))
        if group is not None:
            found.append(_of_device(subject, cause, group, kind))
    return found


_CAUSES: Final[tuple[tuple[IssueName, str, DeviceKind], ...]] = (
    (IssueName.SILENT_MICROPHONE, "silent_microphone", "microphone"),
    (IssueName.CONSTANT_AUDIO_LEVEL, "constant_audio", "microphone"),
    (IssueName.NO_AUDIO_SENT, "no_audio_sent", "microphone"),
    (IssueName.NO_VIDEO_SENT, "no_video_sent", "camera"),
)


_UNSENT: Final = (IssueName.NO_AUDIO_SENT, IssueName.NO_VIDEO_SENT)


def _of_device(
    subject: Subject,
    cause: str,
    group: IssueGroup,
    kind: DeviceKind,
    peer_ids: list[str] | None = None,
) -> Finding:
    is_stalled = any(name in _UNSENT for name in group.names)
    evidence = Evidence(
        device=switch_before(subject, group.episodes, kind),
        is_switched_on=all(issue.is_known_live for issue in group.issues) if is_stalled else None,
    )
    parts = FindingParts(peer_ids=peer_ids or [], figures=figures_of(group), evidence=evidence)
    return finding(subject, cause, group, parts)
