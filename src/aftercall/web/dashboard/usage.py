"""Months of attendance, and the use of an app by weeks and months."""

from datetime import tzinfo
from typing import Any, Final

from litestar import Response, get

from aftercall.core.calendar_periods import CalendarPeriod, PeriodKind
from aftercall.web.dashboard.attendance import CSV, TAG, csv_response, csv_stream
from aftercall.web.dashboard.queries import CURSOR, FORMAT, LIMIT, TO, ZONE, Month, read_cursor
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
)
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.usage import (
    MonthAttendance,
    PersonAttendance,
    Usage,
    encode_month,
    encode_month_of_person,
    encode_usage,
    write_month_of_person,
    write_usage,
)
from aftercall.wire.envelope import encode_answer
from aftercall.wire.query import Choice, Query, Whole, parse_path_id

MONTH: Final = Month(
    name="month",
    about="The month, as `2026-11`; the present one by default, by the clocks of `tz`.",
)
BY: Final = Choice(
    name="by",
    about="The length of the periods. Weeks begin on Monday.",
    values={"month": PeriodKind.MONTH, "week": PeriodKind.WEEK},
    default=PeriodKind.MONTH,
)
COUNT: Final = Whole(
    name="count", about="How many periods, from 1 to 60.", default=12, least=1, most=60
)


@get(
    "/attendance",
    opt=described(
        summary="Get who attended calls in a month",
        tag=TAG,
        about="One row a person, those with the latest call first, of the ended sessions that were "
        "created in the month. `month` has the sums of all of them. The CSV file has all people, "
        "and the sum of its rows.",
        parameters=(MONTH, ZONE, LIMIT, CURSOR, FORMAT),
        answer=MonthAttendance,
        text_types=(CSV,),
    ),
)
async def get_month_attendance(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Response[Any]:
    zone, period = _read_month(services, parameters)
    if FORMAT.read(parameters) == "csv":
        pages = services.attendance_periods.export_month(tenant.app_id, period)
        return csv_stream(pages, zone, f"attendance-{period.name}.csv")
    found = await services.attendance_periods.month(
        tenant.app_id, period, cursor=read_cursor(parameters), limit=LIMIT.read(parameters)
    )
    return Response(encode_answer(encode_month(found, zone), has_alias=False))


@get(
    "/people/{person:str}/attendance",
    opt=described(
        summary="Get a person's attendance in a month",
        tag=TAG,
        about="One row for each ended session that was created in the month, with the sum.",
        parameters=(MONTH, ZONE, FORMAT),
        answer=PersonAttendance,
        text_types=(CSV,),
    ),
)
async def get_person_attendance(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    person: PathId,
    parameters: ProvidedQuery,
) -> Response[Any]:
    zone, period = _read_month(services, parameters)
    is_file = FORMAT.read(parameters) == "csv"
    id = parse_path_id(person, what="person")
    found = await services.attendance_periods.month_of_person(tenant.app_id, id, period)
    page = encode_month_of_person(found, zone)
    if is_file:
        return csv_response(write_month_of_person(page, zone), f"attendance-{period.name}.csv")
    return Response(encode_answer(page, has_alias=False))


@get(
    "/usage",
    opt=described(
        summary="Get the use of an app by weeks or months",
        tag=TAG,
        about="Sessions, people and the minutes of participants, of the ended sessions that were "
        "created in each period, the latest first. `to` is in the last period.",
        parameters=(BY, COUNT, TO, ZONE, FORMAT),
        answer=Usage,
        text_types=(CSV,),
    ),
)
async def get_usage(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Response[Any]:
    zone = ZONE.read(parameters)
    found = await services.attendance_periods.usage(
        tenant.app_id,
        BY.read(parameters),
        until=TO.read(parameters),
        count=COUNT.read(parameters),
        zone=zone,
    )
    usage = encode_usage(found, zone, services.clock())
    if FORMAT.read(parameters) == "csv":
        return csv_response(write_usage(usage, zone), "usage.csv")
    return Response(encode_answer(usage, has_alias=False))


def _read_month(services: ProvidedServices, query: Query) -> tuple[tzinfo, CalendarPeriod]:
    zone = ZONE.read(query)
    return zone, MONTH.read(query, zone, services.clock())


handlers = (get_month_attendance, get_person_attendance, get_usage)
