"""A session's verdicts, each completed by what only all of them together show."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import PeerActivity, Span
from aftercall.core.quality.attribution.origin import attribute
from aftercall.core.quality.comparison.comparison import Party, Session
from aftercall.core.quality.diagnosis.diagnosis import diagnose
from aftercall.core.quality.diagnosis.findings import Subject
from aftercall.core.quality.experience.levels import Experience
from aftercall.core.quality.issues import Issue
from aftercall.core.quality.report.fold import Verdict

if TYPE_CHECKING:
    from aftercall.core.quality.experience.moments import StreamMoments


def complete(
    verdicts: Mapping[str, Verdict],
    traces: Mapping[str, PeerActivity],
    names: Mapping[str, str],
    now: EpochMs,
    moments: "Mapping[str, StreamMoments] | None" = None,
) -> dict[str, Verdict]:
    """The verdicts of one session's participants, by row id, with origins of their issues,
    issues between participants, the diagnosis and, where all `moments` are given, the
    experience. `names` says what to call each row."""
    session = Session(
        Party(
            row_id=row_id,
            peer_ids=frozenset(span.peer_id for span in verdict.spans),
            issues=verdict.issues,
            traces=traces[row_id].streams if row_id in traces else [],
            connections=traces[row_id].connections if row_id in traces else [],
            left_at={s.peer_id: s.end_at for s in verdict.spans if s.end_at is not None},
        )
        for row_id, verdict in verdicts.items()
    )
    attributed = attribute(session)
    experienced = _experienced(verdicts, attributed, session, moments or {}, now)
    completed: dict[str, Verdict] = {}
    for row_id, verdict in verdicts.items():
        issues = attributed[row_id]
        subject = Subject(
            row_id=row_id,
            issues=issues,
            stays=_stays(verdict, now),
            device_choices=verdict.metadata.chosen_devices,
            names=names,
        )
        completed[row_id] = replace(
            verdict,
            issues=issues,
            diagnosis=diagnose(subject, session),
            experience=experienced.get(row_id),
        )
    return completed


def _experienced(
    verdicts: Mapping[str, Verdict],
    issues: Mapping[str, list[Issue]],
    session: Session,
    moments: "Mapping[str, StreamMoments]",
    now: EpochMs,
) -> dict[str, Experience]:
    if not moments:
        return {}
    # numpy comes with it; a server that folds nothing does without.
    from aftercall.core.quality.experience import session_experience  # noqa: PLC0415 - numpy

    seats = {
        row_id: session_experience.Seat(
            streams=moments[row_id], issues=issues[row_id], stays=_stays(verdict, now)
        )
        for row_id, verdict in verdicts.items()
    }
    return session_experience.experiences(seats, session.sender_of)


def _stays(verdict: Verdict, now: EpochMs) -> list[Span]:
    return [(span.start_at, now if span.end_at is None else span.end_at) for span in verdict.spans]
