"""Sessions by the day."""

from litestar import get

from aftercall.core.egresses import EgressKind
from aftercall.web.http.dependencies import ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.analytics import (
    END_DATE,
    START_DATE,
    Daywise,
    encode_daywise,
    moments_of_days,
    read_days,
)
from aftercall.wire.envelope import Answer, encode_answer


@get(
    "/analytics/daywise",
    opt=described(
        summary="Get sessions by the day",
        tag="Analytics",
        about="Days in UTC, both included, at most 366; the last thirty unless said otherwise.",
        parameters=(START_DATE, END_DATE),
        answer=Daywise,
    ),
)
async def get_daywise_analytics(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[Daywise]:
    first, last = read_days(parameters)
    days = await services.overviews.by_day(tenant.app_id, first, last)
    recordings = await services.egresses.by_day(
        tenant.app_id, EgressKind.RECORDING, *moments_of_days(days)
    )
    body = encode_daywise(days, recordings)
    return encode_answer(body, has_alias=services.settings.result_alias)


handlers = (get_daywise_analytics,)
