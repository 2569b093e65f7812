"""Bad uplinks inferred from listeners, where the sender's own reports show nothing: some browsers,
clients and servers do not pass on remote reports."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.attribution.lost_connections import LostConnections
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import (
    DOWNLINK,
    LATE_FROM,
    ONE_WAY_MS,
    PLAYOUT,
    UPLINK,
    Comparison,
    is_transit,
)
from aftercall.core.quality.issues import Issue, IssueName, Severity, StreamRef, single
from aftercall.core.quality.stats.report_linker import AUDIO, Family
from aftercall.core.spans import Span, covers, lasting, overlap_ms, union, without

_MEASURES: Final = ("loss_percent", "jitter_ms", *LATE_FROM)
_LATE_BY: Final = frozenset(
    {
        IssueName.ICE_RECONNECTING,
        IssueName.ICE_FAILED,
        IssueName.CONNECTION_FAILED,
        IssueName.CPU_LIMITED,
        IssueName.BANDWIDTH_LIMITED,
        IssueName.LOW_AVAILABLE_BITRATE,
        IssueName.NO_AUDIO_SENT,
        IssueName.NO_VIDEO_SENT,
    }
)
"""Issues of a sender that explain late or broken media."""


LEAST_UNREPORTED_MS: Final = 2 * ONE_WAY_MS
"""The least length of a part that the sender's reports do not cover; listeners are affected for
some seconds longer than the sender reports. Chosen."""

FAR: Final = frozenset({IssueName.HIGH_RTT, *UPLINK})
"""The issues that a long round trip alone can raise. Retransmissions then come too late for a
picture, though little is lost."""


def infer_uplinks(
    comparison: Comparison, issues: Mapping[str, Sequence[Issue]], outages: LostConnections
) -> dict[str, list[Issue]]:
    """By participant, the uplinks, or sent pictures, that its listeners show to be bad. `issues`
    have their origins."""
    raised = {
        participant_id: union(
            (i.first_at, i.last_at)
            for i in own
            if i.name in UPLINK and i.origin == "local" and is_transit(i)
        )
        for participant_id, own in issues.items()
    }
    explained = {
        participant_id: union((i.first_at, i.last_at) for i in own if i.name in _LATE_BY)
        for participant_id, own in issues.items()
    }
    blamed: dict[str, list[Issue]] = {}
    for participant_id, own in issues.items():
        for issue in own:
            if issue.origin != "remote" or issue.name not in DOWNLINK | PLAYOUT:
                continue
            span = (issue.first_at, issue.last_at)
            for sender in comparison.senders_behind(participant_id, issue):
                is_explained = outages.explain(sender, span)
                if issue.name in PLAYOUT:
                    is_explained = is_explained or covers(explained[sender], span)
                if not is_explained:
                    blamed.setdefault(sender, []).extend(_unreported(issue, raised[sender]))
    return {
        sender: _merged(comparison.participants[sender], listener_issues)
        for sender, listener_issues in blamed.items()
    }


def _unreported(issue: Issue, raised: Sequence[Span]) -> list[Issue]:
    """The parts of an issue that the sender's own reports do not cover."""
    span = (issue.first_at, issue.last_at)
    if not overlap_ms(raised, [span]):
        return [issue]
    return [
        replace(issue, first_at=start, last_at=end)
        for start, end in lasting(without([span], raised), LEAST_UNREPORTED_MS)
    ]


def _merged(participant: ComparedParticipant, listener_issues: Sequence[Issue]) -> list[Issue]:
    relayed = union(
        (i.first_at, i.last_at) for i in participant.issues if i.name is IssueName.TURN_RELAYED_TCP
    )
    is_sound_sent = any(each.family is Family.AUDIO_PRODUCER for each in participant.streams)
    far = union((i.first_at, i.last_at) for i in participant.issues if i.name in FAR)
    found: list[Issue] = []
    spans = union((issue.first_at, issue.last_at) for issue in listener_issues)
    ordered = sorted(listener_issues, key=lambda issue: issue.first_at)
    place = 0
    for span in spans:
        within: list[Issue] = []
        while place < len(ordered) and ordered[place].first_at <= span[1]:
            within.append(ordered[place])
            place += 1
        has_sound = any(Family(i.stream.family or "") in AUDIO for i in within)
        is_network = (
            has_sound
            or not is_sound_sent
            or any(i.name in DOWNLINK for i in within)
            or covers(relayed, span)
        )
        if is_network:
            found.append(_uplink(participant, within, span))
        elif not covers(far, span):
            found.append(_picture(participant, within, span))
    return found


def _uplink(participant: ComparedParticipant, within: Sequence[Issue], span: Span) -> Issue:
    is_severe = any(issue.name is IssueName.SEVERE_NETWORK_DOWNLINK for issue in within)
    name = IssueName.SEVERE_NETWORK_UPLINK if is_severe else IssueName.POOR_NETWORK_UPLINK
    ref = StreamRef(peer_id=_peer_of(participant, within))
    return _made(name, "severe" if is_severe else "warning", ref, within, span)


def _picture(participant: ComparedParticipant, within: Sequence[Issue], span: Span) -> Issue:
    """A picture that froze for all listeners while the audio was good was frozen at its sender."""
    sent = [each.ref for each in participant.streams if each.family is Family.VIDEO_PRODUCER]
    peer_id = _peer_of(participant, within)
    ref = next(iter(sent), StreamRef(peer_id=peer_id, family=Family.VIDEO_PRODUCER.value))
    return _made(IssueName.VIDEO_FROZEN, "warning", ref, within, span)


def _made(
    name: IssueName, severity: Severity, ref: StreamRef, within: Sequence[Issue], span: Span
) -> Issue:
    worst = {
        measure: max(issue.worst[measure] for issue in within if measure in issue.worst)
        for measure in _MEASURES
        if any(measure in issue.worst for issue in within)
    }
    count = max(issue.sample_count for issue in within)
    issue = single(name, ref, *span, worst, sample_count=count)
    return replace(issue, origin="local", severity=severity)


def _peer_of(participant: ComparedParticipant, within: Sequence[Issue]) -> str:
    """The peer that listeners name, else one of the participant's, the same in every run."""
    named = within[0].stream.from_peer_id
    if named in participant.peer_ids and named is not None:
        return named
    return min(participant.peer_ids, default=participant.participant_id)
