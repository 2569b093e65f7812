"""The session going on in a meeting, and removing people from it."""

from typing import Final

from litestar import get, post
from litestar.params import RawBody

from aftercall.web.http.dependencies import PathId, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.meetings import KickBody, Kicked, KickedAll, encode_kicked, parse_kick
from aftercall.wire.query import parse_path_id
from aftercall.wire.sessions import SessionBody, encode_session

_TAG: Final = "Active session"
_PATH: Final = "/meetings/{meeting_id:str}/active-session"


@get(
    _PATH,
    opt=described(summary="Get the session going on", tag=_TAG, answer=SessionBody),
)
async def get_active_session(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> Answer[SessionBody]:
    session = await services.meetings.find_active_session(
        tenant.app_id, parse_path_id(meeting_id, what="meeting")
    )
    egresses = await services.egresses.of_sessions(tenant.app_id, [session.id])
    return encode_answer(
        encode_session(session, egresses), has_alias=services.settings.result_alias
    )


@post(
    _PATH + "/kick",
    status_code=200,
    opt=described(
        summary="Remove participants from the session going on",
        tag=_TAG,
        about="Named by either kind of id. One who is named and not present is passed over.",
        body=KickBody,
        answer=Kicked,
    ),
)
async def kick_participants(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId, body: RawBody
) -> Answer[Kicked]:
    parsed = parse_kick(body)
    removed = await services.meetings.kick(
        tenant.app_id,
        parse_path_id(meeting_id, what="meeting"),
        ids=parsed.participant_ids,
        custom_participant_ids=parsed.custom_participant_ids,
    )
    return encode_answer(encode_kicked(removed), has_alias=services.settings.result_alias)


@post(
    _PATH + "/kick-all",
    status_code=200,
    opt=described(
        summary="Remove everybody, and end the session going on", tag=_TAG, answer=KickedAll
    ),
)
async def kick_all_participants(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> Answer[KickedAll]:
    count = await services.meetings.kick_all(
        tenant.app_id, parse_path_id(meeting_id, what="meeting")
    )
    return encode_answer(
        KickedAll(kicked_participants_count=count), has_alias=services.settings.result_alias
    )


handlers = (get_active_session, kick_participants, kick_all_participants)
