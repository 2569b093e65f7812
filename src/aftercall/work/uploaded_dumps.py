"""Reads uploaded dumps into sessions, and writes how far it is."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

import structlog

from aftercall.core.errors import AftercallError, Unavailable
from aftercall.core.import_records import DumpImport
from aftercall.service.services import Services
from aftercall.work.dump_import import DumpImporter, ImportCancelled
from aftercall.work.export_import import DumpFile

NOTE_EVERY_S: Final = 1.0
"""How often progress is written."""

MISSING: Final = (
    "The uploaded files are not on this machine. Processes that receive and those that read need "
    "the same data folder."
)
UNFORESEEN: Final = "Something went wrong on the server; its log has the details."

log = structlog.get_logger(__name__)


async def read_upload(services: Services, app_id: str, import_id: str) -> None:
    """Import the files of an upload. A repeat, after a stop of the server, begins again: what was
    recorded already is known by its ids. Raises `Unavailable`."""
    uploads = services.dump_uploads
    running = await uploads.start(app_id, import_id)
    if running is None:
        return
    folder = uploads.folder(app_id, import_id)
    paths = [folder.path_of(number) for number in range(len(running.files))]
    if not await asyncio.to_thread(_are_there, paths):
        await uploads.fail(running, MISSING)
        return
    files = [
        DumpFile(each.name, each.bytes, partial(_open, path))
        for each, path in zip(running.files, paths, strict=True)
    ]
    progress = _Progress()
    noting = asyncio.create_task(_note(services, running, progress))
    try:
        importer = DumpImporter(services, app_id)
        report = await importer.run(files, running.options, progress.set)
    except Unavailable:
        raise
    except AftercallError as error:
        await uploads.fail(running, error.message)
    except Exception as error:
        log.error("import failed", action="import_failed", import_id=import_id, exc_info=error)
        await uploads.fail(running, UNFORESEEN)
    else:
        await uploads.finish(running, report)
    finally:
        noting.cancel()
        await asyncio.gather(noting, return_exceptions=True)


class _Progress:
    """The share that is done, set by the thread that reads."""

    def __init__(self) -> None:
        self.share = 0.0
        self.is_cancelled = False

    def set(self, share: float) -> None:
        """Raises `ImportCancelled` once the import is."""
        if self.is_cancelled:
            raise ImportCancelled
        self.share = share


async def _note(services: Services, running: DumpImport, progress: _Progress) -> None:
    """Write progress until it is over, and pass on that the import was cancelled. A failure to
    write keeps nothing from going on."""
    while not progress.is_cancelled:
        await asyncio.sleep(NOTE_EVERY_S)
        percent = min(99, int(100 * progress.share))
        with suppress(Unavailable):
            goes_on = await services.dump_uploads.note_percent(running, percent)
            progress.is_cancelled = not goes_on


def _are_there(paths: list[Path]) -> bool:
    return all(path.is_file() for path in paths)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")
