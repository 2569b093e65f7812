"""Builds findings and digests of a call of one minute, in six buckets."""

from collections.abc import Mapping, Sequence
from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import DigestedParticipant
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.experience.levels import overall_level
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.report.fold import Completeness
from aftercall.core.records import Participant
from tests.core.quality.synthetic_call import CALL_START

SCALE = TimeScale(from_at=CALL_START, bucket_ms=10_000, buckets=6)
MOS_OF_LEVEL = {0: None, 1: 1.0, 2: 2.8, 3: 3.4, 4: 4.2}
NAMES = {"ann": "Ann Lee", "bob": "Bob", "cy": "Cy", "de": "de Vries"}


def at(seconds: int) -> EpochMs:
    return EpochMs(CALL_START + 1_000 * seconds)


def finding(cause: str, subject: str | None, **parts: Any) -> Finding:
    """A finding about the first twenty seconds, from which the subject alone suffers."""
    known: dict[str, Any] = {
        "cause": cause,
        "severity": "warning",
        "issues": [],
        "subject": subject,
        "affected": [] if subject is None else [subject],
        "spans": [(at(0), at(20))],
    }
    known |= parts
    spans = known["spans"]
    known.setdefault("first_at", spans[0][0])
    known.setdefault("last_at", spans[-1][1])
    return Finding(**known)


def participant(id: str, **members: Any) -> Participant:
    known: dict[str, Any] = {
        "app_id": "app",
        "session_id": "session",
        "id": id,
        "user_id": None,
        "display_name": NAMES.get(id, id),
        "joined_at": CALL_START,
        "left_at": at(60),
        "created_at": CALL_START,
        "updated_at": CALL_START,
    }
    return Participant(**(known | members))


def digest(levels: Sequence[int], findings: Sequence[Finding]) -> Digest:
    """A digest with these levels, nothing measured if there are none."""
    return Digest(
        scale=SCALE,
        level=overall_level(levels),
        mos_audio=[MOS_OF_LEVEL[level] for level in levels],
        mos_video=[None] * len(levels),
        is_measured=bool(levels),
        diagnosis=list(findings),
        completeness=Completeness(
            share=1.0,
            expected_samples=1,
            arrived_samples=1,
            dropped_entries=0,
            refused_entries=0,
            unreadable_samples=0,
            gaps=[],
            end_is_inferred=False,
            end_reason=None,
        ),
    )


def digested(
    levels: Mapping[str, Sequence[int]], findings: Mapping[str, Sequence[Finding]]
) -> list[DigestedParticipant]:
    """Everybody who has levels or findings, in the order of names."""
    return [
        (participant(name), digest(levels.get(name, []), findings.get(name, [])))
        for name in sorted({*levels, *findings})
    ]
