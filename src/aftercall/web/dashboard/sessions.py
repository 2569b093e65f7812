"""Sessions as the dashboard shows them: the table, one of them, one participant's streams."""

import asyncio
from typing import Any, Final

from litestar import Request, Response, get
from litestar.response import Stream

from aftercall.core.overview.connection_charts import ConnectionColumns
from aftercall.core.overview.linked_session import facts_by_link
from aftercall.service.audit import Act
from aftercall.web.dashboard.queries import (
    CALL_PARAMETERS,
    CONNECTION,
    CURSOR,
    FORMAT,
    FROM,
    POINTS,
    STREAM,
    TO,
    read_call_query,
    read_cursor,
    read_wanted,
)
from aftercall.web.dashboard.sessions_csv import write_csv
from aftercall.web.downloads import url_of
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
    note_read,
)
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.chat_transcript import (
    ChatPage,
    TranscriptPage,
    encode_chat,
    encode_transcript,
)
from aftercall.wire.dashboard.participant_page import ParticipantPage, encode_participant_page
from aftercall.wire.dashboard.session_list import SessionListPage, encode_session_list
from aftercall.wire.dashboard.session_page import Artefact, SessionPage, encode_session_page
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import parse_path_id

TAG: Final = "Calls"
_ONE: Final = "/calls/{session_id:str}"


@get(
    "/calls",
    opt=described(
        summary="List calls with how good they were",
        tag=TAG,
        about="Sessions that go on come apart, on the first page alone. By quality, browser, "
        "country and the like only sessions that have ended are found.",
        parameters=CALL_PARAMETERS,
        answer=SessionListPage,
        text_types=("text/csv",),
    ),
)
async def list_calls(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Response[Any]:
    query = read_call_query(parameters, app_id=tenant.app_id)
    if FORMAT.read(parameters) == "csv":
        return Stream(
            write_csv(services.session_lists.export(query)),
            media_type="text/csv",
            headers={"content-disposition": 'attachment; filename="calls.csv"'},
        )
    page = await services.session_lists.list_sessions(query)
    return Response(encode_answer(encode_session_list(page), has_alias=False))


@get(
    _ONE,
    opt=described(
        summary="Get everything about a call",
        tag=TAG,
        about="Participants as lanes over time, the diagnosis, events, talk, and links to "
        "downloads. Of chat and transcript the first 500.",
        answer=SessionPage,
        by_read_link=True,
    ),
)
async def get_call(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    request: Request[Any, Any, Any],
    session_id: PathId,
) -> Answer[SessionPage]:
    id = parse_path_id(session_id, what="session")
    facts = await services.session_pages.find_session(tenant.app_id, id)
    if tenant.link is not None:
        facts = facts_by_link(facts, with_talk=tenant.link.with_talk)
    # A signed link to a file would outlive the read link.
    files = [] if tenant.link else await services.session_pages.files(tenant.app_id, facts)
    artefacts = [
        Artefact(
            name=file.name,
            format=file.format,
            url=url_of(request, services, file.link),
            expires_at=file.link.expires_at,
        )
        for file in files
    ]
    for act, is_read in (
        (Act.READ_CHAT, facts.chat.items),
        (Act.READ_TRANSCRIPT, facts.transcript.items),
        (Act.READ_SUMMARY, facts.summary),
    ):
        if is_read:
            note_read(services, tenant, act, id)
    # A session of hundreds takes long enough to encode that others would wait for it.
    page = await asyncio.to_thread(encode_session_page, facts, artefacts)
    return encode_answer(page, has_alias=False)


@get(
    _ONE + "/chat",
    opt=described(
        summary="Get a call's chat, a page at a time",
        tag=TAG,
        parameters=(CURSOR,),
        answer=ChatPage,
        by_read_link=True,
    ),
)
async def get_call_chat(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[ChatPage]:
    tenant.check_talk()
    id = parse_path_id(session_id, what="session")
    page = await services.session_pages.chat(tenant.app_id, id, read_cursor(parameters))
    note_read(services, tenant, Act.READ_CHAT, id)
    return encode_answer(encode_chat(page), has_alias=False)


@get(
    _ONE + "/transcript",
    opt=described(
        summary="Get a call's transcript, a page at a time",
        tag=TAG,
        parameters=(CURSOR,),
        answer=TranscriptPage,
        by_read_link=True,
    ),
)
async def get_call_transcript(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[TranscriptPage]:
    tenant.check_talk()
    id = parse_path_id(session_id, what="session")
    page = await services.session_pages.transcript(tenant.app_id, id, read_cursor(parameters))
    note_read(services, tenant, Act.READ_TRANSCRIPT, id)
    return encode_answer(encode_transcript(page), has_alias=False)


@get(
    _ONE + "/peers/{peer_id:str}/series",
    opt=described(
        summary="Get a participant's streams over time",
        tag=TAG,
        about="In columns, thinned out without losing a peak; named by the participant's id or "
        "by that of any of its peers.",
        parameters=(POINTS, FROM, TO, STREAM, CONNECTION),
        answer=ParticipantPage,
        by_read_link=True,
    ),
)
async def get_series(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    peer_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[ParticipantPage]:
    found = await services.participant_pages.charts(
        tenant.app_id,
        parse_path_id(session_id, what="session"),
        parse_path_id(peer_id, what="peer"),
        read_wanted(parameters),
    )
    page = await asyncio.to_thread(encode_participant_page, found)
    return encode_answer(page, has_alias=False)


@get(
    _ONE + "/peers/{peer_id:str}/connection",
    opt=described(
        summary="Get a participant's connection over time",
        tag=TAG,
        about="The same columns as with the streams, apart, because every sample is read for them.",
        parameters=(POINTS, FROM, TO),
        answer=ConnectionColumns,
        by_read_link=True,
    ),
)
async def get_connection(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    peer_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[ConnectionColumns]:
    columns = await services.participant_pages.connection(
        tenant.app_id,
        parse_path_id(session_id, what="session"),
        parse_path_id(peer_id, what="peer"),
        read_wanted(parameters),
    )
    return encode_answer(columns, has_alias=False)


handlers = (list_calls, get_call, get_call_chat, get_call_transcript, get_series, get_connection)
