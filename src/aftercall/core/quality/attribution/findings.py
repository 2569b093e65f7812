"""What the diagnosis is made of: findings, and whom they are about."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final, Literal

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.attribution.advice import ADVICE
from aftercall.core.quality.attribution.tellings import Group, clock
from aftercall.core.quality.attribution.traces import Span, overlap_ms, union
from aftercall.core.quality.intervals.streams import PRODUCERS, Family
from aftercall.core.quality.metadata import DeviceChoice
from aftercall.core.quality.rules.issues import WARM_UP_MS, Issue, IssueName, Severity

FOLLOWS_MS: Final = 20 * SECOND_MS
"""Trouble that begins this soon after a change of device is told with it."""


Medium = Literal["voice", "video", "screen", "screen_sound"]
Direction = Literal["sent", "received"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """How bad it was. `name` is that of a measure of the issues, `typical` the mean over the
    time affected, `worst` that of one report."""

    name: str
    unit: str
    typical: float | None
    worst: float


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a participant's call, in a sentence for people, and its parts for
    programs. People are named by the ids of their rows."""

    cause: str
    """A stable word."""
    severity: Severity
    sentence: str
    first_at: EpochMs
    last_at: EpochMs
    issues: list[IssueName]
    peer_ids: list[str] = []
    """The others concerned."""
    subject: str | None = None
    """With whom the cause lies, or, where that is not known, whom it befell."""
    media: list[Medium] = []
    """What suffered; empty where it is not one kind of stream."""
    direction: Direction | None = None
    """As the subject sees it."""
    figures: list[Figure] = []
    """The first is the one the cause is about."""
    affected: list[str] = []
    """Who suffered."""
    spans: list[Span] = []
    """Each stretch; `first_at` and `last_at` are the ends of all of them."""
    evidence: dict[str, float | bool] = {}
    """How it is known: see `docs/explain/diagnosis.md`."""
    advice: str = ""
    """What to do, a clause with an imperative."""
    advice_key: str = ""
    """The remedy, a stable word."""


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
    subject: Subject,
    cause: str,
    group: Group,
    sentence: str,
    *,
    severity: Severity | None = None,
    peer_ids: Iterable[str] = (),
) -> Finding:
    """What is said of a group of issues, as severe as the worst of them unless told otherwise.
    It befell the subject, and lies with it, until the caller replaces these members."""
    return Finding(
        cause=cause,
        severity=severity or group.severity,
        sentence=sentence,
        first_at=group.span[0],
        last_at=group.span[1],
        issues=group.names,
        peer_ids=sorted(peer_ids),
        subject=subject.row_id,
        media=media_of(group.issues),
        direction=direction_of(group.issues),
        figures=figures_of(group),
        affected=[subject.row_id],
        spans=group.spells,
        advice=advice_of(cause, subject.names.get(subject.row_id, subject.row_id)),
        advice_key=ADVICE[cause].key,
    )


def media_of(issues: Iterable[Issue]) -> list[Medium]:
    """What kinds of stream the issues are about, in the order voice, video, screen."""
    families = {issue.stream.family for issue in issues}
    return [medium for medium, of in MEDIA.items() if families & of]


def direction_of(issues: Iterable[Issue]) -> Direction | None:
    """Whether all of them are about streams sent, or all about streams received."""
    families = [issue.stream.family for issue in issues]
    if not families or None in families:
        return None
    are_sent = {Family(family or "") in PRODUCERS for family in families}
    if len(are_sent) > 1:
        return None
    return "sent" if are_sent.pop() else "received"


def figures_of(group: Group) -> list[Figure]:
    """The measures of the issues, in the order of `UNITS`."""
    found: list[Figure] = []
    for name, (unit, is_low_bad) in UNITS.items():
        worst = group.worst(name, lowest=is_low_bad)
        if worst is not None:
            found.append(Figure(name=name, unit=unit, typical=group.mean(name), worst=worst))
    return found


def advice_of(cause: str, name: str) -> str:
    """What the person of that name can do."""
    return ADVICE[cause].clause.format(name=name)


MEDIA: Final[dict[Medium, frozenset[str]]] = {
    "voice": frozenset({Family.AUDIO_PRODUCER, Family.AUDIO_CONSUMER}),
    "video": frozenset({Family.VIDEO_PRODUCER, Family.VIDEO_CONSUMER}),
    "screen": frozenset({Family.SCREENSHARE_VIDEO_PRODUCER, Family.SCREENSHARE_VIDEO_CONSUMER}),
    "screen_sound": frozenset(
        {Family.SCREENSHARE_AUDIO_PRODUCER, Family.SCREENSHARE_AUDIO_CONSUMER}
    ),
}

UNITS: Final[dict[str, tuple[str, bool]]] = {
    "loss_percent": ("%", False),
    "jitter_ms": ("ms", False),
    "rtt_ms": ("ms", False),
    "jitter_buffer_ms": ("ms", False),
    "concealment_percent": ("%", False),
    "frozen_percent": ("%", False),
    "mean_freeze_ms": ("ms", False),
    "dropped_percent": ("%", False),
    "limited_percent": ("%", False),
    "fps": ("frames/s", True),
    "width_px": ("px", True),
    "requests_per_s": ("1/s", False),
    "available_kbps": ("kbit/s", True),
    "silent_ms": ("ms", False),
    "outage_ms": ("ms", False),
    "connect_ms": ("ms", False),
    "gap_ms": ("ms", False),
    "loudest_level": ("0..1", False),
    "level": ("0..1", False),
    "mos": ("1..5", True),
}
"""The unit of each measure, and whether a low value is the bad one; what tells most of a cause
comes first."""
