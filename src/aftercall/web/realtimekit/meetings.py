"""Meetings of an app."""

from typing import Any, Final

from litestar import get, patch, post, put
from litestar.params import RawBody
from msgspec import UnsetType

from aftercall.service.services import Services
from aftercall.web.http.dependencies import PathId, ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.envelope import Answer, encode_answer, encode_paging
from aftercall.wire.meetings import (
    DEFAULT_KEEP_ALIVE_S,
    MEETING_PARAMETERS,
    MeetingAnswer,
    MeetingBody,
    MeetingPatch,
    encode_meeting,
    read_keep_alive_s,
    read_meeting_query,
    read_settings,
)
from aftercall.wire.query import parse_path_id

_TAG: Final = "Meetings"


@get(
    "/meetings",
    opt=described(
        summary="List meetings",
        tag=_TAG,
        parameters=MEETING_PARAMETERS,
        answer=list[MeetingAnswer],
        is_paged=True,
    ),
)
async def list_meetings(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[list[MeetingAnswer]]:
    query = read_meeting_query(parameters, app_id=tenant.app_id)
    page = await services.meetings.list_meetings(query)
    return encode_answer(
        [encode_meeting(meeting) for meeting in page.items],
        has_alias=services.settings.result_alias,
        paging=encode_paging(page),
    )


@post(
    "/meetings",
    opt=described(summary="Create a meeting", tag=_TAG, body=MeetingBody, answer=MeetingAnswer),
)
async def create_meeting(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[MeetingAnswer]:
    parsed = parse_body(body, MeetingBody)
    meeting = await services.meetings.create_meeting(tenant.app_id, **_whole(services, parsed))
    return encode_answer(encode_meeting(meeting), has_alias=services.settings.result_alias)


@get(
    "/meetings/{meeting_id:str}",
    opt=described(summary="Get a meeting", tag=_TAG, answer=MeetingAnswer),
)
async def get_meeting(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> Answer[MeetingAnswer]:
    meeting = await services.meetings.find_meeting(
        tenant.app_id, parse_path_id(meeting_id, what="meeting")
    )
    return encode_answer(encode_meeting(meeting), has_alias=services.settings.result_alias)


@patch(
    "/meetings/{meeting_id:str}",
    opt=described(
        summary="Change a meeting",
        tag=_TAG,
        about="What the body leaves out stays. Nobody can join an `INACTIVE` meeting.",
        body=MeetingPatch,
        answer=MeetingAnswer,
    ),
)
async def update_meeting(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId, body: RawBody
) -> Answer[MeetingAnswer]:
    parsed = parse_body(body, MeetingPatch)
    keep_alive_s = read_keep_alive_s(parsed, is_lenient=services.settings.lenient_keep_alive)
    changes: dict[str, Any] = {}
    if keep_alive_s is not None:
        changes["keep_alive_s"] = keep_alive_s
    if not isinstance(parsed.title, UnsetType):
        changes["title"] = parsed.title or ""
    if not isinstance(parsed.status, UnsetType):
        changes["status"] = parsed.status
    meeting = await services.meetings.change_meeting(
        tenant.app_id,
        parse_path_id(meeting_id, what="meeting"),
        settings=read_settings(parsed),
        **changes,
    )
    return encode_answer(encode_meeting(meeting), has_alias=services.settings.result_alias)


@put(
    "/meetings/{meeting_id:str}",
    opt=described(
        summary="Replace a meeting",
        tag=_TAG,
        about="What the body leaves out returns to its default; the status stays.",
        body=MeetingBody,
        answer=MeetingAnswer,
    ),
)
async def replace_meeting(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId, body: RawBody
) -> Answer[MeetingAnswer]:
    parsed = parse_body(body, MeetingBody)
    meeting = await services.meetings.replace_meeting(
        tenant.app_id, parse_path_id(meeting_id, what="meeting"), **_whole(services, parsed)
    )
    return encode_answer(encode_meeting(meeting), has_alias=services.settings.result_alias)


def _whole(services: Services, parsed: MeetingBody) -> dict[str, Any]:
    keep_alive_s = read_keep_alive_s(parsed, is_lenient=services.settings.lenient_keep_alive)
    return {
        "title": "" if isinstance(parsed.title, UnsetType) else parsed.title or "",
        "keep_alive_s": keep_alive_s or DEFAULT_KEEP_ALIVE_S,
        "settings": read_settings(parsed),
    }


handlers = (list_meetings, create_meeting, get_meeting, update_meeting, replace_meeting)
