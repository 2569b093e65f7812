"""Livestreams that sources reported, and their sums."""

from typing import Any, Final

from litestar import Request, get

from aftercall.core.egresses import EgressDay, EgressKind
from aftercall.service.services import Services
from aftercall.web.http.dependencies import PathId, ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.livestreams import (
    ANALYTICS_PARAMETERS,
    LIVESTREAM_PARAMETERS,
    ActiveLivestream,
    Livestream,
    LivestreamDay,
    LivestreamDetails,
    LivestreamList,
    LivestreamSession,
    LivestreamTotals,
    encode_active_livestream,
    encode_livestream,
    encode_livestream_days,
    encode_livestream_details,
    encode_livestream_list,
    encode_livestream_session,
    encode_livestream_totals,
    read_livestream_query,
    read_period,
)
from aftercall.wire.query import Query, parse_path_id

_TAG: Final = "Livestreams"
_KIND: Final = EgressKind.LIVESTREAM
_ONE: Final = "/livestreams/{livestream_id:str}"
FORERUNNER: Final = "/v2/"
"""Below this the list is `data` itself, as the forerunner had it."""


@get(
    "/livestreams",
    opt=described(
        summary="List livestreams",
        tag=_TAG,
        about="Aftercall sends no media: it keeps what sources report of livestreams. Below `/v2` "
        "the list is `data` itself.",
        parameters=LIVESTREAM_PARAMETERS,
        answer=LivestreamList,
        is_paged=True,
    ),
)
async def list_livestreams(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    parameters: ProvidedQuery,
    request: Request[Any, Any, Any],
) -> Answer[LivestreamList | list[Livestream]]:
    page = await services.egresses.list_egresses(
        read_livestream_query(parameters, app_id=tenant.app_id)
    )
    found = encode_livestream_list(page)
    body: LivestreamList | list[Livestream] = found
    if request.scope["path"].startswith(FORERUNNER):
        body = found.livestreams
    return encode_answer(body, has_alias=services.settings.result_alias, paging=found.paging)


@get(
    _ONE,
    opt=described(
        summary="Get a livestream and its sessions",
        tag=_TAG,
        about="A livestream that a source reported is its own only session.",
        answer=LivestreamDetails,
    ),
)
async def get_livestream(
    services: ProvidedServices, tenant: ProvidedTenant, livestream_id: PathId
) -> Answer[LivestreamDetails]:
    id = parse_path_id(livestream_id, what="livestream")
    egress = await services.egresses.find_egress(tenant.app_id, _KIND, id)
    return encode_answer(
        encode_livestream_details(egress), has_alias=services.settings.result_alias
    )


@get(
    _ONE + "/active-livestream-session",
    opt=described(
        summary="Get the session of a livestream that goes on", tag=_TAG, answer=ActiveLivestream
    ),
)
async def get_active_livestream_session(
    services: ProvidedServices, tenant: ProvidedTenant, livestream_id: PathId
) -> Answer[ActiveLivestream]:
    id = parse_path_id(livestream_id, what="livestream")
    egress = await services.egresses.find_going_on(tenant.app_id, _KIND, id)
    return encode_answer(encode_active_livestream(egress), has_alias=services.settings.result_alias)


@get(
    "/livestreams/sessions/{livestream_session_id:str}",
    opt=described(summary="Get a session of a livestream", tag=_TAG, answer=LivestreamSession),
)
async def get_livestream_session(
    services: ProvidedServices, tenant: ProvidedTenant, livestream_session_id: PathId
) -> Answer[LivestreamSession]:
    id = parse_path_id(livestream_session_id, what="livestream")
    egress = await services.egresses.find_egress(tenant.app_id, _KIND, id)
    return encode_answer(
        encode_livestream_session(egress), has_alias=services.settings.result_alias
    )


@get(
    "/meetings/{meeting_id:str}/active-livestream",
    opt=described(
        summary="Get the livestream of a meeting that goes on", tag=_TAG, answer=Livestream
    ),
)
async def get_active_livestream(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> Answer[Livestream]:
    egress = await services.egresses.find_active(
        tenant.app_id, _KIND, parse_path_id(meeting_id, what="meeting")
    )
    return encode_answer(encode_livestream(egress), has_alias=services.settings.result_alias)


@get(
    "/meetings/{meeting_id:str}/livestream",
    opt=described(
        summary="Get the latest livestream of a meeting", tag=_TAG, answer=LivestreamDetails
    ),
)
async def get_livestream_of_meeting(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> Answer[LivestreamDetails]:
    egress = await services.egresses.find_latest(
        tenant.app_id, _KIND, parse_path_id(meeting_id, what="meeting")
    )
    return encode_answer(
        encode_livestream_details(egress), has_alias=services.settings.result_alias
    )


@get(
    "/analytics/livestreams/overall",
    opt=described(
        summary="Count livestreams",
        tag="Analytics",
        about="Those invoked in the period, the last thirty days unless stated otherwise.",
        parameters=ANALYTICS_PARAMETERS,
        answer=LivestreamTotals,
    ),
)
async def get_livestream_totals(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[LivestreamTotals]:
    days = await _days(services, tenant.app_id, parameters)
    return encode_answer(encode_livestream_totals(days), has_alias=services.settings.result_alias)


@get(
    "/analytics/livestreams/daywise",
    opt=described(
        summary="Count livestreams by the day",
        tag="Analytics",
        about="Days in UTC on which one was invoked, within the last thirty days unless stated "
        "otherwise.",
        parameters=ANALYTICS_PARAMETERS,
        answer=list[LivestreamDay],
    ),
)
async def get_livestreams_by_day(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[list[LivestreamDay]]:
    days = await _days(services, tenant.app_id, parameters)
    return encode_answer(encode_livestream_days(days), has_alias=services.settings.result_alias)


async def _days(services: Services, app_id: str, parameters: Query) -> list[EgressDay]:
    first, last = read_period(parameters, services.clock())
    return await services.egresses.by_day(app_id, _KIND, first, last)


handlers = (
    list_livestreams,
    get_livestream,
    get_active_livestream_session,
    get_livestream_session,
    get_active_livestream,
    get_livestream_of_meeting,
    get_livestream_totals,
    get_livestreams_by_day,
)
