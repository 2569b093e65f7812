"""RealtimeKit's Sessions operations."""

from typing import Any, Final

from litestar import Request, get, post
from litestar.types import ASGIApp

from aftercall.service.audit import Act
from aftercall.service.reports.document import Report
from aftercall.web.downloads import url_of
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
    note_read,
)
from aftercall.web.http.gzip_pieces import PiecewiseResponse
from aftercall.web.openapi.operations import described
from aftercall.wire.chat_transcript_links import (
    CHAT_PARAMETERS,
    TRANSCRIPT_PARAMETERS,
    ChatLink,
    SummaryLink,
    SummaryRequest,
    TranscriptLink,
    encode_chat_link,
    encode_summary_link,
    encode_summary_request,
    encode_transcript_link,
    read_chat_export,
    read_transcript_export,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.livestreams import LivestreamSessions, encode_livestream_sessions
from aftercall.wire.participants import (
    FILTERS,
    INCLUDE_PEER_EVENTS,
    IS_CONSOLIDATED,
    PARTICIPANT_LIST_PARAMETERS,
    PARTICIPANT_PARAMETERS,
    ParticipantDetails,
    ParticipantList,
    PeerReportDetails,
    encode_participant_details,
    encode_participant_list,
    encode_peer_report_details,
    read_participant_query,
)
from aftercall.wire.peer_report.metadata import EVENTS
from aftercall.wire.peer_report.report import wants_quality
from aftercall.wire.query import parse_path_id
from aftercall.wire.realtimekit_import.answers import ParticipantAnswers, decode_answers
from aftercall.wire.sessions import (
    INCLUDE_BREAKOUT_ROOMS,
    SESSION_LIST_PARAMETERS,
    SessionDetails,
    SessionList,
    encode_session_details,
    encode_session_list,
    read_session_query,
)

_TAG: Final = "Sessions"
_ONE: Final = "/sessions/{session_id:str}"


@get(
    "/sessions",
    opt=described(
        summary="List sessions",
        tag=_TAG,
        about="Newest first, unless sorted otherwise. The whole list can be narrowed by meeting, "
        "time, status, number of participants and words.",
        parameters=SESSION_LIST_PARAMETERS,
        answer=SessionList,
        is_paged=True,
    ),
)
async def list_sessions(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[SessionList]:
    page = await services.session_reads.list_sessions(
        read_session_query(parameters, app_id=tenant.app_id)
    )
    egresses = await services.egresses.of_sessions(
        tenant.app_id, [session.id for session in page.items]
    )
    body = encode_session_list(page, egresses)
    return encode_answer(body, has_alias=services.settings.result_alias, paging=body.paging)


@get(
    _ONE,
    opt=described(
        summary="Get a session",
        tag=_TAG,
        parameters=(INCLUDE_BREAKOUT_ROOMS,),
        answer=SessionDetails,
    ),
)
async def get_session(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[SessionDetails]:
    with_rooms = INCLUDE_BREAKOUT_ROOMS.read(parameters)
    id = parse_path_id(session_id, what="session")
    session = await services.session_reads.find_session(tenant.app_id, id)
    rooms = await services.session_reads.breakout_rooms(tenant.app_id, id) if with_rooms else []
    egresses = await services.egresses.of_sessions(tenant.app_id, [id, *(r.id for r in rooms)])
    return encode_answer(
        encode_session_details(session, egresses, breakout_rooms=rooms),
        has_alias=services.settings.result_alias,
    )


@get(
    _ONE + "/participants",
    opt=described(
        summary="List the participants of a session",
        tag=_TAG,
        about="One row for each presence: somebody who left and came back has two. Recorders "
        "and other hidden participants are left out.",
        parameters=PARTICIPANT_LIST_PARAMETERS,
        answer=ParticipantList,
        is_paged=True,
    ),
)
async def list_session_participants(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[ParticipantList]:
    id = parse_path_id(session_id, what="session")
    with_events = INCLUDE_PEER_EVENTS.read(parameters)
    attendance = await services.session_reads.list_participants(
        read_participant_query(parameters, app_id=tenant.app_id, session_id=id),
        is_consolidated=IS_CONSOLIDATED.read(parameters),
        with_peers=with_events,
    )
    body = encode_participant_list(attendance.page, attendance.peers if with_events else None)
    return encode_answer(body, has_alias=services.settings.result_alias, paging=body.paging)


@get(
    _ONE + "/participants/{participant_id:str}",
    opt=described(
        summary="Get a participant of a session, with its call statistics",
        tag=_TAG,
        about="Named by the participant's id, by that of any of its peers, or by the user's if "
        "that is unambiguous.",
        parameters=PARTICIPANT_PARAMETERS,
        answer=ParticipantDetails,
    ),
)
async def get_session_participant(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    participant_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[ParticipantDetails]:
    with_events = INCLUDE_PEER_EVENTS.read(parameters)
    filters = FILTERS.read(parameters)
    found = await services.session_reads.find_participant(
        tenant.app_id,
        parse_path_id(session_id, what="session"),
        parse_path_id(participant_id, what="participant"),
    )
    report = await services.reports.report_of(
        found.participant, found.peers, found.report, found.kept
    )
    body = encode_participant_details(
        found.participant,
        found.peers if with_events else None,
        report.verdict,
        report.receptions if wants_quality(filters) else None,
        filters=filters,
        imported=_imported(report),
    )
    return encode_answer(body, has_alias=services.settings.result_alias)


@get(
    "/sessions/peer-report/{peer_id:str}",
    opt=described(
        summary="Get the report on a peer",
        tag=_TAG,
        about="The participant the peer belongs to, with everything that was measured of it: "
        "while the session lasts as of a moment ago, afterwards for good.",
        parameters=PARTICIPANT_PARAMETERS,
        answer=PeerReportDetails,
    ),
)
async def get_peer_report(
    services: ProvidedServices, tenant: ProvidedTenant, peer_id: PathId, parameters: ProvidedQuery
) -> ASGIApp:
    filters = FILTERS.read(parameters)
    with_events = INCLUDE_PEER_EVENTS.read(parameters) or EVENTS in filters
    found = await services.session_reads.find_peer(
        tenant.app_id, parse_path_id(peer_id, what="peer")
    )
    report = await services.reports.report_of(
        found.participant, found.peers, found.report, found.kept
    )
    pieces = encode_peer_report_details(
        found.participant,
        found.peers if with_events else None,
        report.verdict,
        report.receptions if wants_quality(filters) else None,
        report.rows,
        filters=filters,
        shape=tenant.report_shape,
        imported=_imported(report),
    )
    return PiecewiseResponse(pieces)


def _imported(report: Report) -> ParticipantAnswers | None:
    answers = report.imported_answers
    return None if answers is None else decode_answers(answers)


@get(
    _ONE + "/chat",
    opt=described(
        summary="Get a link to a session's chat",
        tag=_TAG,
        about="Also while the session goes on.",
        parameters=CHAT_PARAMETERS,
        answer=ChatLink,
    ),
)
async def get_session_chat(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    request: Request[Any, Any, Any],
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[ChatLink]:
    id = parse_path_id(session_id, what="session")
    link = await services.links.link_chat(tenant.app_id, id, read_chat_export(parameters))
    note_read(services, tenant, Act.READ_CHAT, id)
    return encode_answer(
        encode_chat_link(id, url=url_of(request, services, link), expires_at=link.expires_at),
        has_alias=services.settings.result_alias,
    )


@get(
    _ONE + "/transcript",
    opt=described(
        summary="Get a link to a session's transcript",
        tag=_TAG,
        about="Once the session has ended, for as long as transcripts are kept. A session in "
        "which nothing was said has an empty file.",
        parameters=TRANSCRIPT_PARAMETERS,
        answer=TranscriptLink,
    ),
)
async def get_session_transcript(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    request: Request[Any, Any, Any],
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[TranscriptLink]:
    id = parse_path_id(session_id, what="session")
    export = read_transcript_export(parameters, default_style=services.settings.transcript_csv)
    link = await services.links.link_transcript(tenant.app_id, id, export)
    note_read(services, tenant, Act.READ_TRANSCRIPT, id)
    url = url_of(request, services, link)
    return encode_answer(
        encode_transcript_link(id, url=url, expires_at=link.expires_at),
        has_alias=services.settings.result_alias,
    )


@get(
    _ONE + "/summary",
    opt=described(
        summary="Get a link to the summary of a session's transcript",
        tag=_TAG,
        about="404 until a summary has been asked for and made.",
        answer=SummaryLink,
    ),
)
async def get_session_summary(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    request: Request[Any, Any, Any],
    session_id: PathId,
) -> Answer[SummaryLink]:
    id = parse_path_id(session_id, what="session")
    link = await services.links.link_summary(tenant.app_id, id)
    note_read(services, tenant, Act.READ_SUMMARY, id)
    return encode_answer(
        encode_summary_link(id, url=url_of(request, services, link), expires_at=link.expires_at),
        has_alias=services.settings.result_alias,
    )


@post(
    _ONE + "/summary",
    status_code=200,
    opt=described(
        summary="Have a session's transcript summarised",
        tag=_TAG,
        about="Asked again while one is being made, it answers that one's state; asked after "
        "that, it makes another. 400 while the session goes on, or when nothing was said.",
        answer=SummaryRequest,
    ),
)
async def request_session_summary(
    services: ProvidedServices, tenant: ProvidedTenant, session_id: PathId
) -> Answer[SummaryRequest]:
    id = parse_path_id(session_id, what="session")
    summary = await services.summaries.request(tenant.app_id, id)
    return encode_answer(encode_summary_request(summary), has_alias=services.settings.result_alias)


@get(
    _ONE + "/livestream-sessions",
    opt=described(
        summary="List the livestreams of a session",
        tag=_TAG,
        about="Those that sources reported.",
        answer=LivestreamSessions,
        is_paged=True,
    ),
)
async def list_livestream_sessions(
    services: ProvidedServices, tenant: ProvidedTenant, session_id: PathId
) -> Answer[LivestreamSessions]:
    id = parse_path_id(session_id, what="session")
    await services.session_reads.find_session(tenant.app_id, id)
    found = await services.egresses.of_sessions(tenant.app_id, [id])
    body = encode_livestream_sessions(found.get(id, ()))
    return encode_answer(body, has_alias=services.settings.result_alias, paging=body.paging)


handlers = (
    list_sessions,
    get_session,
    list_session_participants,
    get_session_participant,
    get_peer_report,
    get_session_chat,
    get_session_transcript,
    get_session_summary,
    request_session_summary,
    list_livestream_sessions,
)
