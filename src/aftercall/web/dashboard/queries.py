"""The query parameters of the dashboard's own endpoints."""

from datetime import UTC, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from aftercall.core.calendar_periods import CalendarPeriod, PeriodKind, month_named, periods_until
from aftercall.core.errors import Malformed
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.list_queries import Cursor, DayHours, SearchScope, SessionOrder, SessionQuery
from aftercall.core.overview.call_facets import FACET_MEASURED
from aftercall.core.overview.session_summary import FACET_BAD, facet
from aftercall.core.quality.experience.levels import WORDS
from aftercall.core.quality.issues import IssueName
from aftercall.service.dashboard.participant_page import LEAST_POINTS, MOST_POINTS, Wanted
from aftercall.service.zones import Zone, find_zone
from aftercall.wire.cursors import decode_cursor
from aftercall.wire.query import Choice, Flag, Moment, Parameter, Query, Span, Text, Whole

_PLAIN_DATE: Final = len("2026-11-21")
_LONGEST_CURSOR: Final = 512
_LONGEST_FACET: Final = 64


class LastMoment(Moment):
    """An instant; a plain date is its last millisecond."""

    def read(self, query: Query) -> EpochMs | None:
        moment = super().read(query)
        if moment is not None and len(self._last(query)) == _PLAIN_DATE:
            return EpochMs(moment + DAY_MS - 1)
        return moment

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


class ZoneName(Parameter):
    """A time zone of the IANA database."""

    def read(self, query: Query) -> tzinfo:
        """The zone; UTC by default. Raises `Malformed`."""
        name = self._last(query)
        if not name or name == "UTC":
            return UTC
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            message = "the name of a time zone, such as Europe/Berlin"
            raise self._malformed("bad_zone", message) from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "default": "UTC"}


class Month(Parameter):
    """A month, as `2026-11`."""

    def read(self, query: Query, zone: tzinfo, now: EpochMs) -> CalendarPeriod:
        """The month by the clocks of the zone, the present one by default. Raises `Malformed`."""
        name = self._last(query)
        if not name:
            return periods_until(PeriodKind.MONTH, now, 1, zone)[0]
        found = month_named(name, zone)
        if found is None:
            raise self._malformed("bad_month", "a month such as 2026-11")
        return found

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"}


SEARCH: Final = Text(
    name="search",
    about="Words (or their beginnings) of the title and of participants' names, all of which "
    "must be found; or the beginning of a session's or meeting's id, or a participant's whole id.",
)
STATUS: Final = Choice[bool | None](
    name="status",
    about="Only sessions that go on, or only those that are over.",
    values={"LIVE": True, "ENDED": False},
    default=None,
)
MEETING_ID: Final = Text(name="meeting_id", about="Only sessions of this meeting.", longest=64)
FROM: Final = Moment(name="from", about="Only what was created at or after this.")
TO: Final = LastMoment(
    name="to", about="Only what was created at or before this; a plain date includes its day."
)
PARTICIPANTS: Final = Span(
    name="participants", about="How many participants in all: `1:10`, `5:`, `:10` or `5`."
)
ONLY_BAD: Final = Flag(
    name="bad",
    about="Only calls that were bad; of sessions that go on, the ones that are bad so far, as far "
    "as the newest are judged. This and all conditions on a person, browser, place and the like "
    "must hold for one and the same participant of a session.",
)
ONLY_MEASURED: Final = Flag(name="measured", about="Only calls that have an overall level.")
ISSUE: Final = Choice[str | None](
    name="issue",
    about="Only calls with this issue, as `poor_network_uplink`.",
    values={name.value: name.value for name in IssueName},
    default=None,
)
_FACETS: Final[tuple[Text | Choice[str | None], ...]] = (
    ISSUE,
    *(
        Text(name=name, about=about, longest=_LONGEST_FACET)
        for name, about in (
            ("person", "Only this person's calls."),
            ("browser", "Only calls from this browser."),
            ("browser_version", "Only calls from this browser and major version: `Chrome 138`."),
            ("os", "Only calls from this operating system."),
            ("provider", "Only calls through this network provider: `AS64496 Example Cable`."),
            ("country", "Only calls from this country."),
            ("region", "Only calls from this region: `Lisbon, PT`."),
            ("network", "Only calls over this kind of network."),
            ("relay", "Only calls whose media went so: `none`, `udp`, `tcp`, `tls`."),
            ("client_version", "Only calls through this version of an SDK or collector."),
            ("app_version", "Only calls from this version of the application."),
        )
    ),
)
LEVEL: Final = Choice[int | None](
    name="level",
    about="Only sessions whose worst participants had a call like this; of sessions that go on, "
    "those of which it is known so far.",
    values={word: level for level, word in enumerate(WORDS) if level},
    default=None,
)
HOUR: Final = Choice[int | None](
    name="hour",
    about="Only calls of sessions created within this hour of the day, from 0 to 23, by the clock "
    "of `tz`; sessions that go on are not among them.",
    values={str(hour): hour for hour in range(24)},
    default=None,
)
SORT: Final = Choice(
    name="sort",
    about="What to sort by; by quality, only measured sessions are there.",
    values={
        "started": SessionOrder.CREATED_AT,
        "minutes": SessionOrder.MINUTES_CONSUMED,
        "quality": SessionOrder.QUALITY,
    },
    default=SessionOrder.CREATED_AT,
)
ORDER: Final = Choice(
    name="order",
    about="Ascending or descending.",
    values={"asc": False, "desc": True},
    default=True,
)
LIMIT: Final = Whole(name="limit", about="Rows, from 1 to 200.", default=50, least=1, most=200)
CURSOR: Final = Text(
    name="cursor",
    about="`next_cursor` or `previous_cursor` of a former answer.",
    longest=_LONGEST_CURSOR,
)
PAGE: Final = Whole(
    name="page",
    about="The number of the page, from 1; not beside a `cursor`, which is quicker far down.",
    default=1,
    least=1,
    most=100_000,
)
FORMAT: Final = Choice(
    name="format",
    about="JSON, or the same list as a CSV file.",
    values={"json": "json", "csv": "csv"},
    default="json",
)
ZONE: Final = ZoneName(
    name="tz",
    about="The time zone of days, hours and months, and of the times in a CSV file, such as "
    "`Europe/Berlin`.",
)
POINTS: Final = Whole(
    name="points",
    about="Most points a stream; least and greatest values are kept.",
    default=600,
    least=LEAST_POINTS,
    most=MOST_POINTS,
)
STREAM: Final = Text(
    name="stream",
    about="The `key` of the only stream to have columns, with its simulcast layers, or `worst`; "
    "left out: every stream.",
    longest=256,
)
CONNECTION: Final = Choice(
    name="connection",
    about="Whether to add the columns of the connection, for which every sample is read.",
    values={"true": True, "false": False},
    default=True,
)

CALL_PARAMETERS: Final = (
    SEARCH,
    STATUS,
    MEETING_ID,
    FROM,
    TO,
    PARTICIPANTS,
    LEVEL,
    ONLY_BAD,
    ONLY_MEASURED,
    *_FACETS,
    HOUR,
    ZONE,
    SORT,
    ORDER,
    LIMIT,
    CURSOR,
    PAGE,
    FORMAT,
)

CALL_FILTERS: Final = (MEETING_ID, PARTICIPANTS, *_FACETS, HOUR)
"""What calls of the overview are filtered by."""


def read_range(query: Query) -> tuple[EpochMs | None, EpochMs | None]:
    """The first and the last instant. Raises `Malformed` if they are reversed."""
    from_at, to_at = FROM.read(query), TO.read(query)
    if from_at is not None and to_at is not None and from_at > to_at:
        raise Malformed('"from" must not be after "to"', code="bad_range", field=FROM.name)
    return from_at, to_at


def read_cursor(query: Query) -> Cursor | None:
    """The position at which the page begins. Raises `Malformed`."""
    text = CURSOR.read(query)
    return None if text is None else decode_cursor(text)


def read_call_query(query: Query, *, app_id: str) -> SessionQuery:
    """The list asked for. Raises `Malformed` naming the parameter at fault."""
    least, most = PARTICIPANTS.read(query)
    from_at, to_at = read_range(query)
    facets = list(_read_facets(query))
    if ONLY_BAD.read(query):
        facets.append(FACET_BAD)
    if ONLY_MEASURED.read(query):
        facets.append(FACET_MEASURED)
    cursor, page, limit = read_cursor(query), PAGE.read(query), LIMIT.read(query)
    if cursor is not None and page > 1:
        raise Malformed('"page" and "cursor" exclude each other', code="bad_page", field=PAGE.name)
    return SessionQuery(
        app_id=app_id,
        meeting_id=MEETING_ID.read(query),
        is_live=STATUS.read(query),
        created_from=from_at,
        created_to=to_at,
        min_participants=least,
        max_participants=most,
        search=SEARCH.read(query),
        scope=SearchScope.PARTICIPANTS,
        facets=tuple(facets),
        level=LEVEL.read(query),
        hours=_read_hours(query),
        order=SORT.read(query),
        is_descending=ORDER.read(query),
        offset=(page - 1) * limit,
        cursor=cursor,
        limit=limit,
    )


def read_call_filters(query: Query, *, app_id: str) -> tuple[SessionQuery | None, dict[str, str]]:
    """The calls asked for, without the bounds of a period, and the parameters that ask for them;
    `None` without any. Raises `Malformed` naming the parameter at fault."""
    asked = {
        each.name: text
        for each in CALL_FILTERS
        if (text := (query.get(each.name) or [""])[-1].strip())
    }
    if not asked:
        return None, asked
    least, most = PARTICIPANTS.read(query)
    only = SessionQuery(
        app_id=app_id,
        meeting_id=MEETING_ID.read(query),
        min_participants=least,
        max_participants=most,
        facets=_read_facets(query),
        hours=_read_hours(query),
    )
    return only, asked


def _read_facets(query: Query) -> tuple[str, ...]:
    return tuple(facet(each.name, value) for each in _FACETS if (value := each.read(query)))


def read_zone(query: Query) -> Zone:
    """The zone of days and hours. Raises `Malformed`."""
    return find_zone(str(ZONE.read(query)))


def _read_hours(query: Query) -> DayHours | None:
    zone, hour = read_zone(query), HOUR.read(query)
    return None if hour is None else DayHours(hour, zone.offsets)


def read_wanted(query: Query) -> Wanted:
    """The range and number of points to chart. Raises `Malformed`."""
    from_at, to_at = read_range(query)
    return Wanted(
        points=POINTS.read(query),
        from_at=from_at,
        to_at=to_at,
        stream=STREAM.read(query),
        with_connection=CONNECTION.read(query),
    )
