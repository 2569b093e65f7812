"""What the diagnosis is made of: findings, and whom they are about."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final, Literal

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.attribution.tellings import Group, clock
from aftercall.core.quality.attribution.traces import Span, overlap_ms, union
from aftercall.core.quality.metadata import DeviceChoice
from aftercall.core.quality.rules.issues import WARM_UP_MS, Issue, IssueName, Severity

FOLLOWS_MS: Final = 20 * SECOND_MS
"""Trouble that begins this soon after a change of device is told with it."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a participant's call, in a sentence for people. `cause` is a
    stable word for programs; `peer_ids` are the others concerned."""

    cause: str
    severity: Severity
    sentence: str
    first_at: EpochMs
    last_at: EpochMs
    issues: list[IssueName]
    peer_ids: list[str] = []


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The participant told about, and how to name everybody."""

    row_id: str
    issues: Sequence[Issue]
    """With origins, as `attribute` gives them."""
    stays: Sequence[Span]
    device_choices: Sequence[DeviceChoice]
    names: Mapping[str, str]
    """What to call each row."""


def named(subject: Subject, *names: IssueName) -> list[Issue]:
    """The participant's issues of these names."""
    return [issue for issue in subject.issues if issue.name in names]


def spans_of(issues: Iterable[Issue]) -> list[Span]:
    """When any of them lasted."""
    return union((issue.first_at, issue.last_at) for issue in issues)


def during(issues: Iterable[Issue], when: Sequence[Span]) -> list[Issue]:
    """Those of which half or more lies in one of the spans."""
    return [
        issue
        for issue in issues
        if 2 * overlap_ms(when, [(issue.first_at, issue.last_at)])
        >= max(1, issue.last_at - issue.first_at)
    ]


Kit = Literal["microphone", "camera", "speaker"]


def after_device(subject: Subject, group: Group, kit: Kit) -> str:
    """A clause about the change of that device after which the trouble began, or nothing."""
    near: list[tuple[int, DeviceChoice]] = []
    for choice in subject.device_choices:
        is_first = any(0 <= choice.at - start <= WARM_UP_MS for start, _ in subject.stays)
        if choice.name == f"selected_{kit}_update" and not is_first:
            waits = [start - choice.at for start, _ in group.spells]
            near += [(wait, choice) for wait in waits if 0 <= wait <= FOLLOWS_MS]
    if not near:
        return ""
    _, last = min(near, key=itemgetter(0))
    what = last.device.label or f"another {kit}"
    return f", just after the switch to {what} at {clock(last.at)} UTC"


def finding(
    cause: str,
    group: Group,
    sentence: str,
    *,
    severity: Severity | None = None,
    peer_ids: Iterable[str] = (),
) -> Finding:
    """What is said of a group of issues, as severe as the worst of them unless told otherwise."""
    return Finding(
        cause=cause,
        severity=severity or group.severity,
        sentence=sentence,
        first_at=group.span[0],
        last_at=group.span[1],
        issues=group.names,
        peer_ids=sorted(peer_ids),
    )
