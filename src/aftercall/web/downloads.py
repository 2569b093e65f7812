"""Downloads: the files that signed links lead to, written while they are sent."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, BinaryIO, Final, TypeVar, assert_never
from urllib.parse import quote

from litestar import Request, get
from litestar.response import Stream

from aftercall.core.download_kinds import Export
from aftercall.service.api.links import Link, Opened
from aftercall.service.audit import Act, Actor
from aftercall.service.services import Services
from aftercall.web.http.dependencies import PathId, ProvidedServices
from aftercall.wire.chat_transcript_files import (
    ChatCsv,
    ChatJson,
    DyteTranscriptCsv,
    Srt,
    TranscriptCsv,
    TranscriptJson,
    Vtt,
    Writer,
)

R = TypeVar("R")

_PIECE: Final = 262_144
"""Bytes of a file that are read at a time."""

_ACTS: Final = {
    "chat": Act.DOWNLOAD_CHAT,
    "transcript": Act.DOWNLOAD_TRANSCRIPT,
    "summary": Act.DOWNLOAD_SUMMARY,
}
"""By the first word of the file's name."""

_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "json": "application/json",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt",
    "md": "text/markdown",
    "txt": "text/plain",
}
"""By the suffix of the file's name. The framework declares every text as UTF-8."""


def url_of(request: Request[Any, Any, Any], services: Services, link: Link) -> str:
    """A link below the address the outside world knows us by, or else the one that the request
    came in by."""
    return url_of_path(request, services, link.path)


def url_of_path(request: Request[Any, Any, Any], services: Services, path: str) -> str:
    """A path below that address."""
    base = services.settings.public_url or own_address(request.scope)
    return base.rstrip("/") + path


def own_address(scope: Any) -> str:
    """The address a request came in by. Its `Host` header is believed where it names this machine
    or the socket's own address; of any other name nobody has vouched that it is ours."""
    named = str(next((v for k, v in scope["headers"] if k == b"host"), b""), "latin-1")
    host, port = scope.get("server") or ("localhost", None)
    name = named.rpartition(":")[0] if re.search(r":\d+$", named) else named
    if name.strip("[]").lower() in {*_THIS_MACHINE, str(host)}:
        return f"{scope['scheme']}://{named}"
    shown = f"[{host}]" if ":" in str(host) else host
    return f"{scope['scheme']}://{shown}" + (f":{port}" if port else "")


_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@get(
    "/downloads/{app_id:str}/{session_id:str}/{expires_at:str}/{signature:str}/{file:str}",
    include_in_schema=False,
)
async def download(
    services: ProvidedServices,
    app_id: PathId,
    session_id: PathId,
    expires_at: PathId,
    signature: PathId,
    file: PathId,
) -> Stream:
    opened = await services.links.open_link(
        app_id=app_id,
        session_id=session_id,
        expires_at=expires_at,
        signature=signature,
        file=file,
    )
    pieces = await _pieces(services, opened)
    services.audit_log.note_read(
        Actor(f"link {signature[:16]}"),
        _ACTS[re.split("[.-]", opened.export.value)[0]],
        await services.access.account_of(opened.app_id),
        opened.app_id,
        opened.session.id,
    )
    name = quote(f"{opened.session.id}-{opened.export.value}")
    return Stream(
        pieces,
        media_type=_MEDIA_TYPES[opened.export.value.rpartition(".")[2]],
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
            # A page of another origin that was given the link may fetch it: the signature is
            # all the authority there is, and no cookie is looked at.
            "access-control-allow-origin": "*",
        },
    )


@get(
    "/downloads/people/{app_id:str}/{export_id:str}/{expires_at:str}/{signature:str}/person.zip",
    include_in_schema=False,
)
async def download_person(
    services: ProvidedServices,
    app_id: PathId,
    export_id: PathId,
    expires_at: PathId,
    signature: PathId,
) -> Stream:
    path = await services.person_exports.open_link(app_id, export_id, expires_at, signature)
    services.audit_log.note_read(
        Actor(f"link {signature[:16]}"),
        Act.DOWNLOAD_PERSON,
        await services.access.account_of(app_id),
        app_id,
        export_id,
    )
    return Stream(
        pieces_of(await asyncio.to_thread(path.open, "rb")),
        media_type="application/zip",
        headers={
            "content-disposition": 'attachment; filename="person.zip"',
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        },
    )


async def pieces_of(file: BinaryIO) -> AsyncIterator[bytes]:
    """The bytes of a file, which is closed at the end."""
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        await asyncio.to_thread(file.close)


async def _pieces(services: Services, opened: Opened) -> AsyncIterator[bytes]:
    """The file's bytes. What can go wrong does so here, before the first byte is sent."""
    app_id, session = opened.app_id, opened.session
    started_at = session.started_at
    match opened.export:
        case Export.CHAT_CSV:
            chat = services.exports.chat(app_id, session.id)
            return _written(ChatCsv(meeting_id=session.meeting_id), chat)
        case Export.CHAT_JSON:
            chat = services.exports.chat(app_id, session.id)
            return _written(ChatJson(meeting_id=session.meeting_id), chat)
        case Export.SUMMARY_MARKDOWN | Export.SUMMARY_TEXT:
            return _whole(await services.exports.summary(app_id, session.id))
    lines = services.exports.transcript(app_id, session.id)
    match opened.export:
        case Export.TRANSCRIPT_CSV:
            return _written(TranscriptCsv(started_at=started_at), lines)
        case Export.TRANSCRIPT_DYTE_CSV:
            return _written(DyteTranscriptCsv(), lines)
        case Export.TRANSCRIPT_SRT:
            return _written(Srt(started_at=started_at), lines)
        case Export.TRANSCRIPT_VTT:
            return _written(Vtt(started_at=started_at), lines)
        case Export.TRANSCRIPT_JSON:
            peers = await services.exports.peers(app_id, session.id)
            return _written(TranscriptJson(started_at=started_at, peers=peers), lines)
        case _:
            assert_never(opened.export)


async def _written(writer: Writer[R], pages: AsyncIterator[list[R]]) -> AsyncIterator[bytes]:
    """The file a writer makes; no piece is empty, because an empty one ends some streams."""
    if text := writer.head():
        yield text.encode()
    async for page in pages:
        if text := writer.rows(page):
            yield text.encode()
    if text := writer.tail():
        yield text.encode()


async def _whole(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


handlers = (download, download_person)
