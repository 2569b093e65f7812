"""Finished transcripts that are uploaded for ended sessions."""

import asyncio
from functools import partial
from typing import Any, Final

from litestar import Request, put

from aftercall.core.errors import Malformed, TooLarge
from aftercall.core.uploaded_transcript import UploadOptions
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
)
from aftercall.web.http.request_body import inflated
from aftercall.web.http.upload import receive_files
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.transcript_uploads import TranscriptUpload, encode_upload
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Flag, Whole, parse_path_id
from aftercall.wire.transcript_upload.read import read_transcript

OFFSET: Final = Whole(
    name="offset_ms",
    about="When the transcript begins, in ms after the session; that of a file with dates is as it "
    "says.",
    default=0,
    most=604_800_000,
)
REPLACE: Final = Flag(
    name="replace",
    about="Whether it may take the place of a transcript that was recorded. Without it only one "
    "that was uploaded is replaced.",
)

_AT_ONCE: Final = 1
"""Files that are read at a time: one takes many times its size in memory."""
_reading: Final = asyncio.Semaphore(_AT_ONCE)


@put(
    "/calls/{session_id:str}/transcript",
    status_code=200,
    request_max_body_size=None,
    opt=described(
        summary="Upload a finished transcript of a call",
        tag="Calls",
        about="For admins. The call must be over. The body is the file, or `multipart/form-data` "
        "with one: WebVTT, SRT, JSON or CSV, found by its content. It takes the place of the "
        "call's transcript, as a whole or not at all; the same file again changes nothing. "
        "Speakers are found by custom participant id, user id, peer id or name. A summary that "
        "the call has is made again.",
        parameters=(OFFSET, REPLACE),
        upload=True,
        answer=TranscriptUpload,
        refusals=(404, 413),
    ),
)
async def upload_transcript(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    parameters: ProvidedQuery,
    request: Request[Any, Any, Any],
    session_id: PathId,
) -> Answer[TranscriptUpload]:
    tenant.check_admin()
    id = parse_path_id(session_id, what="session")
    options = UploadOptions(OFFSET.read(parameters), REPLACE.read(parameters))
    uploads = services.transcript_uploads
    names = await uploads.names(tenant.app_id, id)
    body = _Body(services.settings.transcript_max_bytes)
    await receive_files(
        request.stream(), request.headers.get("content-type", ""), "transcript", body
    )
    encoding = request.headers.get("content-encoding", "").strip().lower().encode()
    async with _reading:
        file = await asyncio.to_thread(inflated, bytes(body.bytes), encoding, body.largest)
        transcript = await asyncio.to_thread(partial(read_transcript, file, names=names))
    stored = await uploads.store(
        tenant.account_id, tenant.app_id, id, transcript, options, tenant.caller
    )
    return encode_answer(encode_upload(stored), has_alias=False)


class _Body:
    """Takes one file, in memory."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.bytes = bytearray()
        self._files = 0

    async def begin_file(self, name: str) -> None:
        self._files += 1
        if self._files > 1:
            raise Malformed("An upload is one transcript.", code="too_many_files")

    async def write(self, chunk: bytes) -> None:
        if len(self.bytes) + len(chunk) > self.largest:
            raise TooLarge(
                f"The transcript is larger than {self.largest:,} bytes.", code="too_large"
            )
        self.bytes += chunk

    async def end_file(self) -> None:
        """Nothing: the file is in memory."""


handlers = (upload_transcript,)
