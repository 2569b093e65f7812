"""One alert for all sessions of an app that a rule is about."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from aftercall.core.alerts.alert import WHOLE_APP, AlertContent, Observation, Reading
from aftercall.core.quality.diagnosis.named_text import TextPart

MOST_SESSIONS: Final = 200
"""Sessions that are remembered of one rule. Chosen."""


def merge_sessions(raised: Mapping[str, AlertContent], *, are_between: bool) -> Observation:
    """One observation of the sessions that are in trouble."""
    if not raised:
        return Observation(WHOLE_APP, Reading.BETWEEN if are_between else Reading.CLEAR)
    ordered = sorted(raised.items(), key=lambda each: (-len(each[1].people), each[0]))
    worst = ordered[0][1]
    people = list(dict.fromkeys(person for _, each in ordered for person in each.people))
    causes = list(dict.fromkeys(cause for _, each in ordered for cause in each.causes))
    summary = worst.summary
    if len(ordered) > 1:
        summary = [
            TextPart(f"{len(ordered)} sessions in trouble, with {len(people)} people; "),
            *summary,
        ]
    return Observation(
        WHOLE_APP,
        Reading.RAISED,
        replace(
            worst,
            summary=summary,
            people=people,
            causes=causes,
            sessions=[session_id for session_id, _ in ordered],
            figures=worst.figures | {"sessions": float(len(ordered))},
            fingerprint=f"{len(ordered).bit_length()}:{','.join(sorted(causes))}",
        ),
    )
