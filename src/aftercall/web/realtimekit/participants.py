"""The members of a meeting, which RealtimeKit calls its participants."""

from typing import Any, Final

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import RawBody

from aftercall.core.records import Member
from aftercall.service.services import Services
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
    Tenant,
)
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.envelope import Answer, encode_answer, encode_paging
from aftercall.wire.meetings import (
    AdmittedMember,
    MemberAnswer,
    MemberBody,
    MemberPatch,
    ParticipantToken,
    RemovedMember,
    encode_admitted,
    encode_member,
    encode_removed,
)
from aftercall.wire.query import PAGE_NO, PER_PAGE, parse_path_id, read_window
from aftercall.wire.times import encode_time

_TAG: Final = "Meetings"
_MANY: Final = "/meetings/{meeting_id:str}/participants"
_ONE: Final = _MANY + "/{participant_id:str}"


def _ids(tenant: Tenant, meeting_id: str, participant_id: str) -> tuple[str, str, str]:
    return (
        tenant.app_id,
        parse_path_id(meeting_id, what="meeting"),
        parse_path_id(participant_id, what="participant"),
    )


@get(
    _MANY,
    opt=described(
        summary="List those who may join a meeting",
        tag=_TAG,
        parameters=(PAGE_NO, PER_PAGE),
        answer=list[MemberAnswer],
        is_paged=True,
    ),
)
async def list_meeting_participants(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    meeting_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[list[MemberAnswer]]:
    offset, limit = read_window(parameters)
    page = await services.meetings.list_members(
        tenant.app_id, parse_path_id(meeting_id, what="meeting"), offset=offset, limit=limit
    )
    return encode_answer(
        [encode_member(member) for member in page.items],
        has_alias=services.settings.result_alias,
        paging=encode_paging(page),
    )


@post(
    _MANY,
    opt=described(
        summary="Add one who may join a meeting",
        tag=_TAG,
        about="The answer carries the participant token to join with, and when it expires.",
        body=MemberBody,
        answer=AdmittedMember,
    ),
)
async def add_meeting_participant(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId, body: RawBody
) -> Answer[AdmittedMember]:
    parsed = parse_body(body, MemberBody)
    member = await services.meetings.add_member(
        tenant.app_id, parse_path_id(meeting_id, what="meeting"), **_whole(parsed)
    )
    return await _admit(services, member)


@get(_ONE, opt=described(summary="Get one who may join", tag=_TAG, answer=MemberAnswer))
async def get_meeting_participant(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId, participant_id: PathId
) -> Answer[MemberAnswer]:
    member = await services.meetings.find_member(*_ids(tenant, meeting_id, participant_id))
    return encode_answer(encode_member(member), has_alias=services.settings.result_alias)


@patch(
    _ONE,
    opt=described(
        summary="Change one who may join",
        tag=_TAG,
        about="The answer carries a token with the changes in it; older tokens stay valid.",
        body=MemberPatch,
        answer=AdmittedMember,
    ),
)
async def edit_meeting_participant(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    meeting_id: PathId,
    participant_id: PathId,
    body: RawBody,
) -> Answer[AdmittedMember]:
    changes: dict[str, Any] = msgspec.to_builtins(parse_body(body, MemberPatch))
    ids = _ids(tenant, meeting_id, participant_id)
    kept = {k: v for k, v in changes.items() if v is not None or k == "picture"}
    return await _admit(services, await services.meetings.change_member(*ids, **kept))


@put(
    _ONE,
    opt=described(
        summary="Replace one who may join",
        tag=_TAG,
        about="The answer carries a token with the changes in it; older tokens stay valid.",
        body=MemberBody,
        answer=AdmittedMember,
    ),
)
async def replace_meeting_participant(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    meeting_id: PathId,
    participant_id: PathId,
    body: RawBody,
) -> Answer[AdmittedMember]:
    parsed = _whole(parse_body(body, MemberBody))
    ids = _ids(tenant, meeting_id, participant_id)
    return await _admit(services, await services.meetings.change_member(*ids, **parsed))


@delete(
    _ONE,
    status_code=200,
    opt=described(
        summary="Remove one who may join",
        tag=_TAG,
        about="Revokes the member's tokens, and removes the member from the live session.",
        answer=RemovedMember,
    ),
)
async def delete_meeting_participant(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId, participant_id: PathId
) -> Answer[RemovedMember]:
    member = await services.meetings.remove_member(*_ids(tenant, meeting_id, participant_id))
    return encode_answer(encode_removed(member), has_alias=services.settings.result_alias)


@post(
    _ONE + "/token",
    status_code=200,
    opt=described(
        summary="Make a fresh participant token",
        tag=_TAG,
        about="Older tokens stay valid until they expire.",
        answer=ParticipantToken,
    ),
)
async def refresh_participant_token(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId, participant_id: PathId
) -> Answer[ParticipantToken]:
    member = await services.meetings.find_member(*_ids(tenant, meeting_id, participant_id))
    token, expires_at = await services.access.issue_participant_token(member)
    return encode_answer(
        ParticipantToken(token=token, token_expires_at=encode_time(expires_at)),
        has_alias=services.settings.result_alias,
    )


async def _admit(services: Services, member: Member) -> Answer[AdmittedMember]:
    token, expires_at = await services.access.issue_participant_token(member)
    return encode_answer(
        encode_admitted(member, token, expires_at), has_alias=services.settings.result_alias
    )


def _whole(parsed: MemberBody) -> dict[str, Any]:
    return {
        "name": parsed.name or parsed.custom_participant_id,
        "picture": parsed.picture,
        "custom_participant_id": parsed.custom_participant_id,
        "preset_name": parsed.preset_name,
    }


handlers = (
    list_meeting_participants,
    add_meeting_participant,
    get_meeting_participant,
    edit_meeting_participant,
    replace_meeting_participant,
    delete_meeting_participant,
    refresh_participant_token,
)
