"""Alert rules: what an app wants to hear about, when, and over which channels."""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from aftercall.core.instants import MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.quality.experience.levels import BAD, FAIR, POOR, Level
from aftercall.core.records import Record

MOST_RULES: Final = 100
"""Rules of an app. Chosen: each is evaluated every few seconds."""

MOST_CHANNELS: Final = 20
LONGEST_TEXT: Final = 2_000

Minutes = Annotated[int, Meta(ge=1, le=10_080)]
PeopleCount = Annotated[int, Meta(ge=1, le=1_000)]
Word = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]
Id = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]


class IssueCondition(
    msgspec.Struct, frozen=True, kw_only=True, tag="issue", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """A cause of trouble that lasts in a live session. `causes` are those meant, as `uplink`;
    empty: every one. `people` is the least number of people who suffer from it."""

    causes: Annotated[list[Word], Meta(max_length=50)] = []
    least_severity: Literal["warning", "severe"] = "warning"
    people: PeopleCount = 1


class LiveQualityCondition(
    msgspec.Struct, frozen=True, kw_only=True, tag="live_quality", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """Participants of a live session whose moments have been at `level` or worse for `minutes`, at
    least `people` of them."""

    level: Literal["bad", "poor", "fair"] = "bad"
    minutes: Annotated[int, Meta(ge=1, le=60)] = 3
    people: PeopleCount = 1

    @property
    def level_number(self) -> Level:
        return {"bad": BAD, "poor": POOR, "fair": FAIR}[self.level]


class BadShareCondition(
    msgspec.Struct, frozen=True, kw_only=True, tag="bad_share", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """The share of bad calls among the calls of ended sessions that were created within
    `window_minutes`, which count in whole quarter hours. It is raised by a share of more than
    `above_percent`, and, with `above_past`, by one that is higher than that of the `past_days`
    before, 99 % sure. Fewer than `least_calls` are not judged."""

    window_minutes: Annotated[int, Meta(ge=15, le=10_080)] = 60
    least_calls: Annotated[int, Meta(ge=1, le=100_000)] = 20
    above_percent: Annotated[float, Meta(ge=0, le=100)] | None = None
    above_past: bool = False
    past_days: Annotated[int, Meta(ge=1, le=60)] = 7


class NoCallsCondition(
    msgspec.Struct, frozen=True, kw_only=True, tag="no_calls", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """No session began within `window_minutes`, and none goes on; of one meeting, or of any. With
    `past_weeks` it counts only where there were sessions at the same time of each of so many weeks
    before."""

    window_minutes: Annotated[int, Meta(ge=5, le=10_080)] = 60
    meeting_id: Id | None = None
    past_weeks: Annotated[int, Meta(ge=0, le=8)] = 0


class SilentSourceCondition(
    msgspec.Struct, frozen=True, kw_only=True, tag="silent_source", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """Nothing came from a source for `minutes` that had sent before."""

    source: Word
    minutes: Minutes = 30


class DeadJobsCondition(
    msgspec.Struct, frozen=True, kw_only=True, tag="dead_jobs", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """More than `above` jobs of the app failed too often to be tried again. Deliveries of alerts
    are not counted."""

    above: Annotated[int, Meta(ge=0, le=100_000)] = 0


LiveCondition: TypeAlias = IssueCondition | LiveQualityCondition
Condition: TypeAlias = (
    IssueCondition
    | LiveQualityCondition
    | BadShareCondition
    | NoCallsCondition
    | SilentSourceCondition
    | DeadJobsCondition
)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class WeeklyHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of the week by the clock of a time zone, from `start` to `end`, as `08:30`. An `end`
    that is not after `start` is on the next day."""

    days: Annotated[list[Day], Meta(min_length=1, max_length=7)]
    start: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "00:00"
    end: Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")] = "24:00"
    zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"


class RuleSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as its owner states it.

    `for_s` is for how long the condition must hold before it is raised, `clear_s` for how long it
    must be over before it is resolved, in seconds. `hours` are those in which the condition counts
    (empty: always), `quiet_hours` those in which nothing is sent. `group_by` is what one message is
    about: a session with everybody in it, or all sessions of the app. A change is sent at most
    every `update_every_s` (0: never). With `resolves_quietly` people are sent no message when it is
    over; programs are. `with_names` has messages name people."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    condition: Condition
    channels: Annotated[list[Id], Meta(max_length=MOST_CHANNELS)] = []
    is_enabled: bool = True
    severity: Literal["info", "warning", "error", "critical"] = "warning"
    for_s: Annotated[int, Meta(ge=0, le=86_400)] = 0
    clear_s: Annotated[int, Meta(ge=0, le=86_400)] = 60
    group_by: Literal["session", "app"] = "session"
    update_every_s: Annotated[int, Meta(ge=0, le=86_400)] = 300
    resolves_quietly: bool = False
    with_names: bool = True
    text: Annotated[str, Meta(max_length=LONGEST_TEXT)] = ""
    hours: Annotated[list[WeeklyHours], Meta(max_length=20)] = []
    quiet_hours: Annotated[list[WeeklyHours], Meta(max_length=20)] = []

    @property
    def for_ms(self) -> int:
        return self.for_s * SECOND_MS

    @property
    def clear_ms(self) -> int:
        return self.clear_s * SECOND_MS

    @property
    def is_live(self) -> bool:
        """Whether it is about what goes on in live sessions."""
        return isinstance(self.condition, IssueCondition | LiveQualityCondition)


class AlertRule(Record, frozen=True, kw_only=True):
    """A rule as stored. `memory` is what the last evaluation left for the next one."""

    app_id: str
    id: str
    spec: dict[str, Any]
    """A `RuleSpec`."""
    muted_until: EpochMs | None = None
    memory: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: EpochMs
    updated_at: EpochMs

    def read_spec(self) -> RuleSpec:
        return msgspec.convert(self.spec, RuleSpec)


def spec_to_dict(spec: RuleSpec) -> dict[str, Any]:
    """The form in which a rule stores it."""
    made: dict[str, Any] = msgspec.to_builtins(spec)
    return made


def window_ms(minutes: int) -> int:
    return minutes * MINUTE_MS
