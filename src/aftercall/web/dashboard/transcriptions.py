"""Audio of ended sessions, uploaded to be transcribed by a model."""

from typing import Any, Final

from litestar import Request, delete, get, post

from aftercall.core import audio_tracks
from aftercall.core.instants import SECOND_MS
from aftercall.service.services import Services
from aftercall.service.track_files import TrackFile, TrackPlace, receive_track
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
)
from aftercall.web.http.upload import declared_bytes, receive_files
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.transcriptions import (
    Transcription,
    encode_transcription,
    parse_language,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Flag, Text, Whole, parse_path_id

PATH: Final = "/calls/{session_id:str}/transcription"
TAG: Final = "Calls"

SPEAKER: Final = Text(
    name="speaker",
    about="Whose track it is: a custom participant id, user id or peer id, or a name that one "
    "participant alone has. Without it the lines have no speaker.",
    longest=256,
)
OFFSET: Final = Whole(
    name="offset_ms",
    about="When the track begins, in ms after the session.",
    default=0,
    most=604_800_000,
)
LANGUAGE: Final = Text(
    name="language",
    about="The language that is spoken, such as `de`; without it the model finds it out.",
    longest=16,
)
REPLACE: Final = Flag(
    name="replace",
    about="Whether it may take the place of a transcript that was recorded. Without it only one "
    "that was uploaded, or transcribed before, is replaced.",
)


@post(
    f"{PATH}/tracks",
    request_max_body_size=None,
    opt=described(
        summary="Upload a track of a call's audio",
        tag=TAG,
        about="For admins. The call must be over, and a model that transcribes be set up. The body "
        "is one speaker's audio, or `multipart/form-data` with one file: FLAC, M4A, MP3, Ogg, WAV "
        "or WebM, found by its content. The same file of the same speaker is kept once.",
        parameters=(SPEAKER, OFFSET),
        upload=True,
        answer=Transcription,
        refusals=(404, 413),
    ),
)
async def upload_track(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    parameters: ProvidedQuery,
    request: Request[Any, Any, Any],
    session_id: PathId,
) -> Answer[Transcription]:
    tenant.check_admin()
    id = parse_path_id(session_id, what="session")
    place = TrackPlace(SPEAKER.read(parameters) or "", OFFSET.read(parameters))
    opened = await services.transcriptions.open(tenant.app_id, id, place.speaker, tenant.caller)

    async def fill(file: TrackFile) -> None:
        await receive_files(
            request.stream(), request.headers.get("content-type", ""), "track", file
        )

    changed = await receive_track(
        services.transcriptions,
        tenant.account_id,
        opened,
        place,
        tenant.caller,
        fill,
        declared_bytes(request),
    )
    return _answer(services, changed)


@post(
    PATH,
    status_code=200,
    opt=described(
        summary="Transcribe the uploaded tracks of a call",
        tag=TAG,
        about="For admins. A job asks the model for each track, and puts the lines of all speakers "
        "in the place of the call's transcript, as a whole or not at all. After a failure it goes "
        "on with the tracks that could not be transcribed. The audio is deleted at the end.",
        parameters=(LANGUAGE, REPLACE),
        answer=Transcription,
        refusals=(404,),
    ),
)
async def transcribe(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    parameters: ProvidedQuery,
    session_id: PathId,
) -> Answer[Transcription]:
    tenant.check_admin()
    waiting = await services.transcriptions.submit(
        tenant.account_id,
        tenant.app_id,
        parse_path_id(session_id, what="session"),
        tenant.caller,
        language=parse_language(LANGUAGE.read(parameters)),
        replaces=REPLACE.read(parameters),
    )
    return _answer(services, waiting)


@get(
    PATH,
    opt=described(
        summary="Get how far the transcription of a call is",
        tag=TAG,
        about="For admins. It is forgotten when the time of the audio is over.",
        answer=Transcription,
    ),
)
async def get_transcription(
    services: ProvidedServices, tenant: ProvidedTenant, session_id: PathId
) -> Answer[Transcription]:
    tenant.check_admin()
    id = parse_path_id(session_id, what="session")
    return _answer(services, await services.transcriptions.find(tenant.app_id, id))


@delete(
    PATH,
    status_code=200,
    opt=described(
        summary="Delete the uploaded tracks of a call",
        tag=TAG,
        about="For admins. A transcription that is under way stops; a transcript stays.",
        answer=Transcription,
    ),
)
async def delete_transcription(
    services: ProvidedServices, tenant: ProvidedTenant, session_id: PathId
) -> Answer[Transcription]:
    tenant.check_admin()
    id = parse_path_id(session_id, what="session")
    deleted = await services.transcriptions.delete(
        tenant.account_id, tenant.app_id, id, tenant.caller
    )
    return _answer(services, deleted)


def _answer(services: Services, found: audio_tracks.Transcription) -> Answer[Transcription]:
    kept_ms = services.settings.track_retention_s * SECOND_MS
    return encode_answer(encode_transcription(found, kept_ms=kept_ms), has_alias=False)


handlers = (upload_track, transcribe, get_transcription, delete_transcription)
