"""What rules about an app as a whole find, from counts."""

from typing import NamedTuple

from aftercall.core.alerts.alert import WHOLE_APP, AlertContent, Observation, Reading
from aftercall.core.alerts.rules import (
    BadShareCondition,
    DeadJobsCondition,
    NoCallsCondition,
    SilentSourceCondition,
    window_ms,
)
from aftercall.core.instants import EpochMs
from aftercall.core.overview.proportions import FEWEST, Z_99, newcombe
from aftercall.core.quality.diagnosis.named_text import Text, TextPart
from aftercall.core.quality.diagnosis.wording import format_duration

CLEAR_BELOW = 0.9
"""A share is over its bound until it is below nine tenths of it. Chosen."""


class CallCounts(NamedTuple):
    """Measured calls of ended sessions, and how many of them were bad."""

    measured: int
    bad: int


def read_bad_share(
    condition: BadShareCondition, calls: CallCounts, past: CallCounts | None
) -> Observation:
    """The reading of a window; `past` is what was before it."""
    if calls.measured < condition.least_calls:
        return _clear()
    percent = 100 * calls.bad / calls.measured
    reasons: list[str] = []
    is_between = False
    if condition.above_percent is not None:
        if percent > condition.above_percent:
            reasons.append(f"more than {condition.above_percent:g} %")
        is_between |= percent > condition.above_percent * CLEAR_BELOW
    if condition.above_past and past is not None and min(past.measured, calls.measured) >= FEWEST:
        certain = newcombe(calls.bad, calls.measured, past.bad, past.measured, Z_99)
        usual = 100 * past.bad / past.measured
        if certain.low > 0:
            days = "day" if condition.past_days == 1 else f"{condition.past_days} days"
            reasons.append(f"where it was {usual:.0f} % in the {days} before")
        is_between |= certain.value > 0 and bool(calls.bad)
    if not reasons:
        return Observation(WHOLE_APP, Reading.BETWEEN if is_between else Reading.CLEAR)
    span = format_duration(window_ms(condition.window_minutes))
    head = f"{percent:.0f} % of the calls of the last {span} were bad"
    return _raised(
        AlertContent(
            summary=[TextPart(head)],
            sentence=[
                TextPart(
                    f"{calls.bad} of {calls.measured} calls were bad, {' and '.join(reasons)}."
                )
            ],
            advice=[TextPart("See on the overview what the bad calls have in common.")],
            figures={
                "bad_percent": round(percent, 2),
                "bad_calls": float(calls.bad),
                "calls": float(calls.measured),
            },
            fingerprint=f"{round(percent / 10)}",
        )
    )


class BegunSessions(NamedTuple):
    """Whether sessions go on or began within the window, and how many began at the same time of the
    weeks before, the latest first."""

    is_any: bool
    before: tuple[int, ...] = ()


def read_no_calls(condition: NoCallsCondition, begun: BegunSessions) -> Observation:
    """The reading of a window."""
    if begun.is_any or not all(begun.before):
        return _clear()
    span = format_duration(window_ms(condition.window_minutes))
    where = " of the meeting" if condition.meeting_id else ""
    usual = ""
    if begun.before:
        weeks = len(begun.before)
        usual = f" At this time of the {weeks} weeks before there were {sum(begun.before)} in all."
    return _raised(
        AlertContent(
            summary=[TextPart(f"No session{where} began for {span}")],
            sentence=[TextPart(f"No session{where} began for {span}, and none goes on.{usual}")],
            advice=[TextPart("See whether the app is up and its pages reach this server.")],
            figures={"window_minutes": float(condition.window_minutes)},
        )
    )


def read_silent_source(
    condition: SilentSourceCondition, heard_at: EpochMs | None, now: EpochMs
) -> Observation:
    """The reading of a source that was last heard then."""
    if heard_at is None or now - heard_at <= window_ms(condition.minutes):
        return _clear()
    silent = format_duration(now - heard_at)
    return _raised(
        AlertContent(
            summary=[TextPart(f"Nothing from the source {condition.source} for {silent}")],
            sentence=[TextPart(f"The source {condition.source} has sent nothing for {silent}.")],
            advice=[
                TextPart("See whether it still runs, and whether its address and key are right.")
            ],
            figures={"silent_ms": float(now - heard_at)},
            at=heard_at,
        )
    )


def read_dead_jobs(condition: DeadJobsCondition, dead: int) -> Observation:
    """The reading of the number of dead jobs."""
    if dead <= condition.above:
        return _clear()
    jobs = "1 job" if dead == 1 else f"{dead} jobs"
    return _raised(
        AlertContent(
            summary=[TextPart(f"{jobs} failed too often to be tried again")],
            sentence=_sentence(f"{jobs} of the app failed too often to be tried again."),
            advice=[
                TextPart("The settings page lists them with their errors and can revive them.")
            ],
            figures={"dead_jobs": float(dead)},
            fingerprint=f"{dead.bit_length()}",
        )
    )


def _sentence(text: str) -> Text:
    return [TextPart(text)]


def _clear() -> Observation:
    return Observation(WHOLE_APP, Reading.CLEAR)


def _raised(content: AlertContent) -> Observation:
    return Observation(WHOLE_APP, Reading.RAISED, content)
