"""How long the data of an ended session are kept, by kind.

A session's data fall into kinds, each of which may be kept for a time after the session's end. No
kind outlives its session, and nothing of a session that goes on is past its time. Samples hold
addresses, so they are not kept longer than addresses.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from aftercall.core.errors import InvalidBody
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.records import EVERY_KIND, Phase


class DataKind(StrEnum):
    """A kind of a session's data."""

    SAMPLES = "samples"
    """Stats reports as received, merged or not."""
    REPORTS = "reports"
    """The folded report of each participant: its verdict in detail and its rows."""
    CHAT = "chat"
    TRANSCRIPTS = "transcripts"
    SUMMARIES = "summaries"
    ADDRESSES = "addresses"
    """IP addresses, and what was derived from them and is finer than a country."""
    SESSIONS = "sessions"
    """The session itself, with everything else that is known of it."""

    @property
    def bit(self) -> int:
        """The kind's place in a set of kinds that is stored as a number."""
        return 1 << list(DataKind).index(self)


ALL_KINDS: Final = EVERY_KIND

DAY_S: Final = 86_400
LONGEST_S: Final = 100 * 365 * DAY_S
"""A hundred years. Chosen: a longer time is a slip of the pen."""

FOR_EVER: Final = 0
"""The number of seconds that stands for no limit: a kind is kept as long as its session."""

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": DAY_S}
_DURATION: Final = re.compile(r"([0-9]{1,12})([smhd]?)")


class HeldSession(Protocol):
    """What of a session decides which of its data are kept."""

    @property
    def phase(self) -> Phase: ...
    @property
    def ended_at(self) -> EpochMs | None: ...
    @property
    def kept_kinds(self) -> int: ...


class RetentionPolicy(NamedTuple):
    """For how many seconds after a session's end each kind is kept; `FOR_EVER` of a kind that is
    not named."""

    kept_s: Mapping[DataKind, int]

    def seconds_of(self, kind: DataKind) -> int:
        return self.kept_s.get(kind, FOR_EVER)


KEEP_ALL: Final = RetentionPolicy({})

_NOT_LONGER_THAN: Final[Mapping[DataKind, tuple[DataKind, ...]]] = {
    kind: (kind, DataKind.SESSIONS) for kind in DataKind if kind is not DataKind.SESSIONS
} | {
    DataKind.SAMPLES: (DataKind.SAMPLES, DataKind.ADDRESSES, DataKind.SESSIONS),
    DataKind.SESSIONS: (DataKind.SESSIONS,),
}


def effective_s(policy: RetentionPolicy, kind: DataKind) -> int:
    """For how many seconds after the end a kind is kept, by its own limit and by those of the
    kinds that it does not outlive; `FOR_EVER` if none has one."""
    limits = [policy.seconds_of(each) for each in _NOT_LONGER_THAN[kind]]
    return min((limit for limit in limits if limit != FOR_EVER), default=FOR_EVER)


def kept_until(policy: RetentionPolicy, kind: DataKind, session: HeldSession) -> EpochMs | None:
    """When the time of a kind of a session's data is over; `None` if it has no end that is known:
    the session goes on, or the policy sets none."""
    if session.phase is not Phase.ENDED or session.ended_at is None:
        return None
    seconds = effective_s(policy, kind)
    return None if seconds == FOR_EVER else EpochMs(session.ended_at + seconds * SECOND_MS)


def is_kept(policy: RetentionPolicy, kind: DataKind, session: HeldSession, now: EpochMs) -> bool:
    """Whether a kind of a session's data may be read: it has not been deleted, and its time is not
    over."""
    if not session.kept_kinds & kind.bit:
        return False
    until = kept_until(policy, kind, session)
    return until is None or now < until


def past_kinds(policy: RetentionPolicy, session: HeldSession, now: EpochMs) -> list[DataKind]:
    """The kinds of a session's data that are past their time and have not been deleted."""
    return [
        kind
        for kind in DataKind
        if session.kept_kinds & kind.bit and not is_kept(policy, kind, session, now)
    ]


def is_too_old(policy: RetentionPolicy, at: EpochMs, now: EpochMs) -> bool:
    """Whether a session that ended at this time would be deleted already: facts of that time begin
    none."""
    seconds = policy.seconds_of(DataKind.SESSIONS)
    return seconds != FOR_EVER and now >= at + seconds * SECOND_MS


def policy_of(defaults: Mapping[DataKind, int], chosen: Mapping[str, int]) -> RetentionPolicy:
    """The policy of an app: what it has chosen, and the defaults for all else."""
    by_kind = {DataKind(name): seconds for name, seconds in chosen.items() if name in _NAMES}
    return RetentionPolicy({**defaults, **by_kind})


_NAMES: Final = frozenset(kind.value for kind in DataKind)


def read_kind(name: str) -> DataKind:
    """The kind of this name. Raises `InvalidBody`."""
    if name not in _NAMES:
        names = ", ".join(kind.value for kind in DataKind)
        raise InvalidBody(f"{name} is no kind of data; these are: {names}", field=name)
    return DataKind(name)


def read_seconds(kind: DataKind, given: object) -> int:
    """A number of seconds, as a number or as a text with a unit: `3600`, `90m`, `12h`, `30d`, and
    `forever`. Raises `InvalidBody`, which names the kind."""
    seconds: int | None = None
    if isinstance(given, int) and not isinstance(given, bool):
        seconds = given
    elif isinstance(given, str):
        text = given.strip().lower()
        if text == "forever":
            return FOR_EVER
        if (found := _DURATION.fullmatch(text)) is not None:
            seconds = int(found[1]) * _UNITS_S[found[2] or "s"]
    if seconds is None or not 0 <= seconds <= LONGEST_S:
        raise InvalidBody(
            f"{kind.value} must be a number of seconds from 0, which is for ever, to {LONGEST_S}, "
            "or a text such as 30d, 12h or forever",
            field=kind.value,
        )
    return seconds


def format_seconds(seconds: int) -> str:
    """The shortest text that `read_seconds` reads as this number."""
    if seconds == FOR_EVER:
        return "forever"
    for unit, length in reversed(_UNITS_S.items()):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
