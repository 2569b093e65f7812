"""Writes the file of a person's export, one session after the other."""

import asyncio
import os
import zipfile
from pathlib import Path

from aftercall.service.privacy.person_exports import PersonExports, PersonSession, unfinished
from aftercall.wire.person_export import (
    ATTENDANCE,
    QUALITY,
    README,
    CsvRows,
    KnownNames,
    attendance_rows,
    encode_session,
    encode_talk,
    quality_rows,
)


async def write_person_export(exports: PersonExports, app_id: str, export_id: str) -> None:
    """Write the file under another name until it is whole. A repeat begins again."""
    path = exports.path_of(app_id, export_id)
    part = unfinished(path)
    await asyncio.to_thread(_make_folder, path.parent)
    attendance, quality = CsvRows(ATTENDANCE), CsvRows(QUALITY)
    names = KnownNames(await exports.members(app_id, export_id))
    with zipfile.ZipFile(_open(part), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        async for known in exports.sessions(app_id, export_id):
            names.add([*known.participants, *known.peers])
            for row in attendance_rows(known.session, known.participants):
                attendance.add(row)
            for row in quality_rows(known.session, known.digests):
                quality.add(row)
            await asyncio.to_thread(_add_session, archive, known)
        archive.writestr("person.json", names.encode())
        archive.writestr("attendance.csv", attendance.encode())
        archive.writestr("quality.csv", quality.encode())
    await asyncio.to_thread(os.replace, part, path)
    if not await exports.finish(app_id, export_id):
        await exports.delete(app_id, export_id)


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _open(path: Path) -> Path:
    """The path of an empty file that only its owner may read."""
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    return path


def _add_session(archive: zipfile.ZipFile, known: PersonSession) -> None:
    id = known.session.id
    archive.writestr(
        f"sessions/{id}.json",
        encode_session(known.session, known.participants, known.peers, known.events, known.reports),
    )
    if known.chat or known.transcript:
        talk = encode_talk(known.chat, known.transcript, known.summary)
        archive.writestr(f"talk/{id}.json", talk)
