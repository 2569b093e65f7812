"""Who attended, and for how long: of one session, and of several.

A person's minutes in a session are the union of all that person's stays in it, so that two tabs, or
two devices, at the same time count once. A person is identified as everywhere
(`session_summary.person_of`); people known by nothing but the same name are counted apart where
they were in a session at the same time.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from aftercall.core.calendar_periods import CalendarPeriod
from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.session_summary import person_of
from aftercall.core.records import Participant, Session
from aftercall.core.spans import Span, intersection, length_ms, overlap_ms, union

ALL_THE_TIME_MS: Final = 15_000
"""Who comes and goes this close to the start and the end of a session attended all of it. Chosen:
people enter a room one after the other."""


class Presence(NamedTuple):
    """A participant's part in a session. `stays` are those of its peers in any order, with an end
    also where one lasts; `talk` is when lines of the transcript were spoken, `None` if the session
    has no transcript."""

    participant: Participant
    stays: Sequence[Span]
    talk: Sequence[Span] | None


class Attendance(NamedTuple):
    """A person's attendance of one or several sessions. `stays` are the spans of presence of a
    person in one session, without overlaps; of several sessions only their number is kept."""

    person: str
    name: str | None
    custom_participant_id: str | None
    user_id: str | None
    participant_ids: tuple[str, ...]
    joined_at: EpochMs
    left_at: EpochMs | None
    """The end of the last stay; `None` while the person is present."""
    left_is_inferred: bool
    sessions: int
    stay_count: int
    present_ms: int
    talk_ms: int | None
    """Within the time of presence; `None` where no session has a transcript."""
    namesakes: int
    """The most people of this name in one session: more than 1 only if the name is all that is
    known of them."""
    stays: tuple[Span, ...] = ()


class AttendanceSum(NamedTuple):
    """What the attendances of a list come to."""

    people: int
    stay_count: int
    present_ms: int
    talk_ms: int | None


class Gathering(NamedTuple):
    """How the people of one session overlap: the most at once and when first, and how many were
    there from start to end."""

    most_at_once: int
    most_from_at: EpochMs
    most_to_at: EpochMs
    all_the_time: int


class AttendedSession(NamedTuple):
    """A session with the attendance of its people, in the order of joining."""

    session: Session
    attendances: Sequence[Attendance]
    now: EpochMs


class AttendedMeeting(NamedTuple):
    """The people of a meeting's sessions, by name."""

    meeting_id: str
    title: str
    sessions: int
    """The number of sessions that were added up, the latest ones."""
    all_sessions: int
    first_at: EpochMs | None
    last_at: EpochMs | None
    attendances: Sequence[Attendance]
    now: EpochMs


class PeriodSum(NamedTuple):
    """What the sessions that were created in a period, and have ended, come to. `minutes` are those
    of participants, as they are metered."""

    period: CalendarPeriod
    sessions: int
    people: int
    minutes: float


class AttendedMonth(NamedTuple):
    """A page of the people who attended ended sessions of a month, those with the latest call
    first, and what the month comes to."""

    total: PeriodSum
    attendances: Sequence[Attendance]
    next_cursor: Cursor | None
    now: EpochMs


class AttendedCall(NamedTuple):
    """A session with one person's attendance of it."""

    session: Session
    attendance: Attendance


class MonthOfPerson(NamedTuple):
    """A person's attendance of each session of a month, the latest first."""

    period: CalendarPeriod
    person: str
    name: str | None
    calls: Sequence[AttendedCall]
    now: EpochMs


def attendances_of(app_id: str, presences: Iterable[Presence]) -> list[Attendance]:
    """The attendance of each person of one session, in the order of joining. Hidden participants
    are left out."""
    people: dict[str, list[Presence]] = {}
    for each in presences:
        if not each.participant.is_hidden:
            people.setdefault(person_of(app_id, each.participant), []).append(each)
    found = []
    for person, own in people.items():
        groups = _namesakes(own)
        found += [_attendance(person, group)._replace(namesakes=len(groups)) for group in groups]
    return sorted(found, key=lambda each: (each.joined_at, each.participant_ids))


def _namesakes(presences: list[Presence]) -> list[list[Presence]]:
    """The people among those of one id: one, unless only a name is known and several who bear it
    were there at the same time. The fewest are assumed."""
    if any(each.participant.custom_participant_id for each in presences):
        return [presences]
    users: dict[str, list[Presence]] = {}
    for each in presences:
        users.setdefault(each.participant.user_id or each.participant.id, []).append(each)
    groups: list[tuple[list[Presence], list[Span]]] = []
    for own in sorted(users.values(), key=lambda own: min(p.participant.joined_at for p in own)):
        stays = _stays_of(own)
        group = next((each for each in groups if not overlap_ms(each[1], stays)), None)
        if group is None:
            groups.append((own, stays))
        else:
            group[0].extend(own)
            group[1][:] = union([*group[1], *stays])
    return [presences for presences, _ in groups]


def _stays_of(presences: Iterable[Presence]) -> list[Span]:
    return union((start, max(start, end)) for each in presences for start, end in each.stays)


def _attendance(person: str, presences: Sequence[Presence]) -> Attendance:
    everyone = sorted(
        (each.participant for each in presences), key=lambda each: (each.joined_at, each.id)
    )
    latest = everyone[-1]
    is_present = any(each.left_at is None for each in everyone)
    last = max(everyone, key=lambda each: (each.left_at or 0, each.id))
    stays = _stays_of(presences)
    talks = [each.talk for each in presences if each.talk is not None]
    talk = intersection(stays, union(span for spans in talks for span in spans))
    return Attendance(
        person=person,
        name=latest.display_name,
        custom_participant_id=latest.custom_participant_id,
        user_id=latest.user_id,
        participant_ids=tuple(each.id for each in everyone),
        joined_at=everyone[0].joined_at,
        left_at=None if is_present else last.left_at,
        left_is_inferred=not is_present and last.left_is_inferred,
        sessions=1,
        stay_count=len(stays),
        present_ms=length_ms(stays),
        talk_ms=length_ms(talk) if talks else None,
        namesakes=1,
        stays=tuple(stays),
    )


class AttendanceCounter:
    """Adds up the attendance of people over sessions, which may come in any order."""

    def __init__(self) -> None:
        self._people: dict[str, _Sum] = {}
        self.sessions = 0

    def add_session(self, attendances: Iterable[Attendance]) -> None:
        """Add all people of one session."""
        self.sessions += 1
        of_session: dict[str, _Sum] = {}
        for each in attendances:
            known = of_session.get(each.person)
            same = _Sum(each._replace(participant_ids=(), stays=()), _named_by(each))
            if known is not None:
                same = _added(known, same)
                # Namesakes were in one session, not in several.
                same = same._replace(total=same.total._replace(sessions=1))
            of_session[each.person] = same
        for person, found in of_session.items():
            known = self._people.get(person)
            self._people[person] = found if known is None else _added(known, found)

    def attendances(self) -> list[Attendance]:
        """One for each person, by name."""
        return sorted((each.total for each in self._people.values()), key=by_name)


def by_name(attendance: Attendance) -> tuple[str, str]:
    """The key by which people are listed: the name without regard to case, then the id."""
    return ((attendance.name or "").casefold(), attendance.person)


class _Sum(NamedTuple):
    """A person's attendance of several sessions, and by which of them the person is called."""

    total: Attendance
    named_by: tuple[EpochMs, str, str]


def _named_by(attendance: Attendance) -> tuple[EpochMs, str, str]:
    """The place of one attendance among those of a person: the highest gives the names."""
    return attendance.joined_at, attendance.name or "", attendance.user_id or ""


def _added(one: _Sum, other: _Sum) -> _Sum:
    """The attendance of a person in the sessions of both. Names are those of the latest."""
    latest = max(one, other, key=lambda each: each.named_by)
    ends = (one.total, other.total)
    last = max(ends, key=lambda each: (_end_of(each), each.left_is_inferred))
    talks = [each.talk_ms for each in ends if each.talk_ms is not None]
    total = latest.total._replace(
        joined_at=min(each.joined_at for each in ends),
        left_at=last.left_at,
        left_is_inferred=last.left_is_inferred,
        sessions=sum(each.sessions for each in ends),
        stay_count=sum(each.stay_count for each in ends),
        present_ms=sum(each.present_ms for each in ends),
        talk_ms=sum(talks) if talks else None,
        namesakes=max(each.namesakes for each in ends),
    )
    return _Sum(total, latest.named_by)


_LASTS: Final = EpochMs(2**62)


def _end_of(attendance: Attendance) -> EpochMs:
    return _LASTS if attendance.left_at is None else attendance.left_at


def sum_of(attendances: Iterable[Attendance]) -> AttendanceSum:
    """The sum of a list, in which namesakes of one session are people of their own."""
    people = stays = present_ms = 0
    talks: list[int] = []
    for each in attendances:
        people += 1
        stays += each.stay_count
        present_ms += each.present_ms
        if each.talk_ms is not None:
            talks.append(each.talk_ms)
    return AttendanceSum(people, stays, present_ms, sum(talks) if talks else None)


def gathering_of(attendances: Sequence[Attendance]) -> Gathering | None:
    """How the people of one session overlap; `None` if nobody was there for any time."""
    spans = [span for each in attendances for span in each.stays if span[0] < span[1]]
    if not spans:
        return None
    # Who leaves as another comes was not there with that one.
    changes = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    present = most = 0
    from_at = to_at = changes[0][0]
    for (at, change), (next_at, _) in zip(changes, [*changes[1:], changes[-1]], strict=True):
        present += change
        if present > most and at < next_at:
            most, from_at, to_at = present, at, next_at
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return Gathering(
        most_at_once=most,
        most_from_at=from_at,
        most_to_at=to_at,
        all_the_time=sum(_is_all_the_time(each, first, last) for each in attendances),
    )


def _is_all_the_time(attendance: Attendance, first: EpochMs, last: EpochMs) -> bool:
    missed = (last - first) - attendance.present_ms
    return bool(attendance.stays) and (
        attendance.stays[0][0] - first <= ALL_THE_TIME_MS
        and last - attendance.stays[-1][1] <= ALL_THE_TIME_MS
        and missed <= 2 * ALL_THE_TIME_MS
    )


def minutes_of_ms(ms: int) -> float:
    """Minutes with four decimals, as minutes are metered everywhere."""
    return round(ms / MINUTE_MS, 4)
