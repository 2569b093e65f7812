"""Two periods beside each other."""

from typing import Any, Final

from litestar import Response, get

from aftercall.core.instants import day_of, format_day
from aftercall.core.overview.call_facets import DIMENSIONS
from aftercall.service.dashboard.overview import HOUR, MEETING, Compared
from aftercall.service.services import Services
from aftercall.web.dashboard.attendance import CSV, csv_response
from aftercall.web.dashboard.queries import (
    CALL_FILTERS,
    FORMAT,
    ZONE,
    read_call_filters,
    read_zone,
)
from aftercall.web.http.dependencies import ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.overview import (
    Breakdowns,
    Overview,
    encode_breakdowns,
    encode_overview,
    write_breakdowns,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Choices, Moment, Query

TAG: Final = "Overview"


class Date(Moment):
    """A date, without a time of day."""

    def read_day(self, query: Query) -> int | None:
        """The date, in days since 1970-01-01. Raises `Malformed`."""
        text = self._last(query)
        if not text:
            return None
        if len(text) != len("2026-11-21"):
            raise self._malformed("bad_time", "a date, as 2026-11-21")
        at = self.read(query)
        return None if at is None else day_of(at)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


FROM: Final = Date(name="from", about="The first day; thirteen days before the last if none.")
TO: Final = Date(name="to", about="The last day, which is included; today if none.")
AGAINST_FROM: Final = Date(
    name="against_from",
    about="The first day of the period to compare with; without any, the period of as many days "
    "directly before.",
)
AGAINST_TO: Final = Date(name="against_to", about="The last day of the period to compare with.")
BY: Final = Choices(
    name="by",
    about="What to break calls down by. Of meetings, those with the most bad sessions are listed.",
    values=(*DIMENSIONS, MEETING, HOUR),
)
PERIODS: Final = (FROM, TO, AGAINST_FROM, AGAINST_TO, ZONE)


def read_periods(services: Services, query: Query) -> Compared:
    """The periods asked for. Raises `Malformed` naming the parameter at fault."""
    this = FROM.read_day(query), TO.read_day(query)
    other = AGAINST_FROM.read_day(query), AGAINST_TO.read_day(query)
    return services.overviews.compared(read_zone(query), this, other)


@get(
    "/overview",
    opt=described(
        summary="Compare the calls of two periods",
        tag=TAG,
        about="Days by the clock of the zone, at most 366 in each period; more than 90 come in "
        "runs of seven. Each number comes with the query of the list behind it. With a filter, "
        "only the calls that it leaves are compared.",
        parameters=(*PERIODS, *CALL_FILTERS),
        answer=Overview,
    ),
)
async def get_overview(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[Overview]:
    compared = read_periods(services, parameters)
    only, asked = read_call_filters(parameters, app_id=tenant.app_id)
    found = await services.overviews.compare(tenant.app_id, compared, only)
    return encode_answer(encode_overview(found, asked), has_alias=False)


@get(
    "/overview/breakdowns",
    opt=described(
        summary="Compare the calls of two periods by what they have in common",
        tag=TAG,
        about="The highest lower bound of the share of bad calls comes first. Calls of which "
        "nothing is known are in no row. The CSV file has one line for each row.",
        parameters=(BY, *PERIODS, *CALL_FILTERS, FORMAT),
        answer=Breakdowns,
        text_types=(CSV,),
    ),
)
async def get_breakdowns(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Response[Any]:
    compared = read_periods(services, parameters)
    only, asked = read_call_filters(parameters, app_id=tenant.app_id)
    chosen = BY.read(parameters) or frozenset(BY.values)
    found = [
        await services.overviews.break_down(tenant.app_id, compared, by, only)
        for by in BY.values
        if by in chosen
    ]
    breakdowns = encode_breakdowns(found, asked)
    if FORMAT.read(parameters) == "csv":
        first, last = (format_day(day) for day in compared.this)
        return csv_response(write_breakdowns(breakdowns), f"overview-{first}-{last}.csv")
    return Response(encode_answer(breakdowns, has_alias=False))


handlers = (get_overview, get_breakdowns)
