"""Dumps that are uploaded to become sessions, and sessions that are downloaded with all their
facts."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from litestar import Request, get, post
from litestar.response import Stream

from aftercall.core.errors import Malformed
from aftercall.core.ids import is_path_id
from aftercall.core.import_records import MOST_FILES, ImportOptions
from aftercall.service.audit import Act
from aftercall.service.dump_uploads import FOLDER
from aftercall.service.services import Services
from aftercall.web.downloads import pieces_of
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
    Tenant,
    note_read,
)
from aftercall.web.http.upload import declared_bytes, receive_files
from aftercall.web.openapi.operations import described
from aftercall.web.session_export import write_session_export
from aftercall.wire.dashboard.imports import (
    DumpImport,
    DumpImports,
    encode_import,
    encode_imports,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Query, Text, parse_path_id

TAG: Final = "Sources"

FILE_NAME: Final = Text(
    name="file_name", about="What the file is called, if the body is the file itself.", longest=256
)
MEETING: Final = Text(
    name="meeting_id", about="The meeting: all files are of one call of it.", longest=256
)
TITLE: Final = Text(name="title", about="What the call is called.", longest=256)
NAME: Final = Text(
    name="name",
    about="Who took part; once for each file, in their order. Without it the file's name.",
    longest=256,
)

_AT_ONCE: Final = 2
"""Exports of sessions that are written side by side."""
_exporting: Final = asyncio.Semaphore(_AT_ONCE)


@post(
    "/imports",
    request_max_body_size=None,
    opt=described(
        summary="Import dumps of past calls",
        tag=TAG,
        about="For admins. The body is one file as it is, or several as `multipart/form-data`: "
        "dumps of chrome://webrtc-internals, about:webrtc, rtcstats or ObserveRTC, or an export of "
        "Aftercall, compressed or not. A job reads them; ask for the import again to see how far "
        "it is, what was read, and the sessions.",
        parameters=(FILE_NAME, MEETING, TITLE, NAME),
        upload=True,
        answer=DumpImport,
        refusals=(404, 413),
    ),
)
async def import_dumps(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    parameters: ProvidedQuery,
    request: Request[Any, Any, Any],
) -> Answer[DumpImport]:
    tenant.check_admin()
    options = ImportOptions(
        meeting_id=_meeting(parameters), title=TITLE.read(parameters), names=_names(parameters)
    )
    file_name = FILE_NAME.read(parameters) or "dump"
    uploads = services.dump_uploads
    begun = await uploads.begin(tenant.account_id, tenant.app_id, options, tenant.caller)
    folder = uploads.folder(tenant.app_id, begun.id)
    try:
        await folder.check_space(declared_bytes(request))
        await receive_files(
            request.stream(), request.headers.get("content-type", ""), file_name, folder
        )
        if not any(each.bytes for each in folder.files):
            raise Malformed("The body has no file, or only empty ones", code="no_file")
        waiting = await uploads.submit(begun, folder.files)
    except BaseException:
        await folder.delete()
        await uploads.delete(tenant.app_id, begun.id)
        raise
    return encode_answer(encode_import(waiting, {}), has_alias=False)


@get(
    "/imports",
    opt=described(
        summary="List the latest imports of dumps",
        tag=TAG,
        about="For admins; the newest first. An import is forgotten after a week, its sessions "
        "stay.",
        answer=DumpImports,
    ),
)
async def list_imports(services: ProvidedServices, tenant: ProvidedTenant) -> Answer[DumpImports]:
    tenant.check_admin()
    found, sessions = await services.dump_uploads.list_latest(tenant.app_id)
    most_bytes = services.settings.import_max_bytes
    return encode_answer(encode_imports(found, sessions, most_bytes), has_alias=False)


@get(
    "/imports/{import_id:str}",
    opt=described(
        summary="Get how far an import of dumps is, and what it found",
        tag=TAG,
        about="For admins.",
        answer=DumpImport,
    ),
)
async def get_import(
    services: ProvidedServices, tenant: ProvidedTenant, import_id: PathId
) -> Answer[DumpImport]:
    tenant.check_admin()
    id = parse_path_id(import_id, what="import")
    found, sessions = await services.dump_uploads.find(tenant.app_id, id)
    return encode_answer(encode_import(found, sessions), has_alias=False)


@post(
    "/imports/{import_id:str}/cancel",
    status_code=200,
    opt=described(
        summary="Cancel an import of dumps",
        tag=TAG,
        about="For admins. What it has recorded by then stays, in sessions that are over; the same "
        "files imported again add the rest. An import that is over is answered as it is.",
        answer=DumpImport,
    ),
)
async def cancel_import(
    services: ProvidedServices, tenant: ProvidedTenant, import_id: PathId
) -> Answer[DumpImport]:
    tenant.check_admin()
    id = parse_path_id(import_id, what="import")
    found, sessions = await services.dump_uploads.cancel(
        tenant.account_id, tenant.app_id, id, tenant.caller
    )
    return encode_answer(encode_import(found, sessions), has_alias=False)


@get(
    "/sessions/{session_id:str}/export",
    opt=described(
        summary="Export a session with all its facts",
        tag=TAG,
        about="A zip: facts, attendance, chat and transcript, and dumps that rtcstats' tools open. "
        "An import makes the same record of it. The session must be over.",
        answer={"type": "string", "format": "binary"},
        media_type="application/zip",
    ),
)
async def export_session(
    services: ProvidedServices, tenant: ProvidedTenant, session_id: PathId
) -> Stream:
    id = parse_path_id(session_id, what="session")
    file = await _written(services, tenant, id)
    note_read(services, tenant, Act.EXPORT_SESSION, id)
    return Stream(
        pieces_of(file),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="session-{id}.zip"',
            "content-length": str(os.fstat(file.fileno()).st_size),
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        },
    )


async def _written(services: Services, tenant: Tenant, session_id: str) -> BinaryIO:
    """A file without a name that holds the export of a session. Raises `NotFound` and
    `Refused`."""
    await services.session_facts.overview(tenant.app_id, session_id)
    folder = services.settings.data_dir / FOLDER
    async with _exporting:
        file = await asyncio.to_thread(_temporary, folder)
        try:
            await write_session_export(services, tenant.app_id, session_id, file)
        except BaseException:
            file.close()
            raise
    file.seek(0)
    return file


def _temporary(folder: Path) -> BinaryIO:
    """A file that is gone with the process."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))


def _meeting(parameters: Query) -> str | None:
    found = MEETING.read(parameters)
    if found is not None and not is_path_id(found):
        requirement = "1 to 64 letters, digits, _ and -"
        raise Malformed(f'"meeting_id" must be {requirement}', code="bad_id", field="meeting_id")
    return found


def _names(parameters: Query) -> list[str]:
    values = parameters.get(NAME.name, [])[:MOST_FILES]
    return [NAME.read({NAME.name: [value]}) or "" for value in values]


handlers = (import_dumps, list_imports, get_import, cancel_import, export_session)
