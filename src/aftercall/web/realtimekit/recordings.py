"""Recordings that sources reported."""

from typing import Final

from litestar import get

from aftercall.core.egresses import EgressKind
from aftercall.web.http.dependencies import PathId, ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.envelope import Answer, encode_answer, encode_paging
from aftercall.wire.query import parse_path_id
from aftercall.wire.recordings import (
    RECORDING_PARAMETERS,
    ListedRecording,
    Recording,
    encode_listed_recordings,
    encode_recording,
    read_recording_query,
)

_TAG: Final = "Recordings"
_ABOUT: Final = "Aftercall records no media: it keeps what sources report of recordings."


@get(
    "/recordings",
    opt=described(
        summary="List recordings",
        tag=_TAG,
        about=_ABOUT,
        parameters=RECORDING_PARAMETERS,
        answer=list[ListedRecording],
        is_paged=True,
    ),
)
async def list_recordings(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[list[ListedRecording]]:
    page = await services.egresses.list_egresses(
        read_recording_query(parameters, app_id=tenant.app_id)
    )
    meetings = await services.egresses.meetings_of(tenant.app_id, page.items)
    return encode_answer(
        encode_listed_recordings(page.items, meetings),
        has_alias=services.settings.result_alias,
        paging=encode_paging(page),
    )


@get(
    "/recordings/{recording_id:str}",
    opt=described(summary="Get a recording", tag=_TAG, about=_ABOUT, answer=Recording),
)
async def get_recording(
    services: ProvidedServices, tenant: ProvidedTenant, recording_id: PathId
) -> Answer[Recording]:
    egress = await services.egresses.find_egress(
        tenant.app_id, EgressKind.RECORDING, parse_path_id(recording_id, what="recording")
    )
    return encode_answer(encode_recording(egress), has_alias=services.settings.result_alias)


@get(
    "/recordings/active-recording/{meeting_id:str}",
    opt=described(
        summary="Get the recording of a meeting that goes on", tag=_TAG, answer=Recording
    ),
)
async def get_active_recording(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> Answer[Recording]:
    egress = await services.egresses.find_active(
        tenant.app_id, EgressKind.RECORDING, parse_path_id(meeting_id, what="meeting")
    )
    return encode_answer(encode_recording(egress), has_alias=services.settings.result_alias)


handlers = (list_recordings, get_recording, get_active_recording)
