"""Uploaded files on the disk, within bounds."""

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import BinaryIO, Final

from aftercall.core.errors import Busy, Malformed, TooLarge
from aftercall.core.import_records import MOST_FILES, UploadedFile

KEPT_FREE_BYTES: Final = 1024**3
"""Bytes of the disk that uploads leave to the database."""

_WRITE_BYTES: Final = 1024**2
"""Bytes that are collected for one write, which runs in a thread."""

_LONGEST_NAME: Final = 120
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


class UploadFolder:
    """The files of one upload, which lie in a folder under their numbers."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self.path = path
        self._most_bytes = most_bytes
        self._size = 0
        self._pending = bytearray()
        self._file: BinaryIO | None = None
        self.files: list[UploadedFile] = []

    def path_of(self, number: int) -> Path:
        """Where the file with this number lies."""
        return self.path / str(number)

    async def check_space(self, declared_bytes: int | None) -> None:
        """Raises `TooLarge` for a request that declares too many bytes, and `Busy` while the disk
        is nearly full."""
        if declared_bytes is not None and declared_bytes > self._most_bytes + _FRAMING_BYTES:
            raise self._too_large()
        await asyncio.to_thread(self.path.mkdir, mode=0o700, parents=True, exist_ok=True)
        usage = await asyncio.to_thread(shutil.disk_usage, self.path)
        if usage.free - (declared_bytes or 0) < KEPT_FREE_BYTES:
            raise Busy("The disk of the server is nearly full", code="disk_full", retry_after_s=600)

    async def begin_file(self, name: str) -> None:
        """Begin a file. Raises `Malformed` if there are too many."""
        if len(self.files) >= MOST_FILES:
            raise Malformed(f"An import has at most {MOST_FILES} files.", code="too_many_files")
        path = self.path_of(len(self.files))
        self.files.append(UploadedFile(name=clean_name(name), bytes=0))
        self._file = await asyncio.to_thread(_open, path)

    async def write(self, chunk: bytes) -> None:
        """Add bytes to the file that was begun last. Raises `TooLarge`."""
        self._size += len(chunk)
        if self._size > self._most_bytes:
            raise self._too_large()
        self._pending += chunk
        if len(self._pending) >= _WRITE_BYTES:
            await self._flush()

    async def end_file(self) -> None:
        """Write what is pending, so that it outlives a crash of the machine."""
        await self._flush()
        if self._file is not None:
            await asyncio.to_thread(_close, self._file)
            self._file = None

    async def delete(self) -> None:
        """Delete the folder with its files."""
        if self._file is not None:
            self._file.close()
            self._file = None
        await asyncio.to_thread(shutil.rmtree, self.path, ignore_errors=True)

    async def _flush(self) -> None:
        if self._file is None or not self._pending:
            return
        chunk, self._pending = bytes(self._pending), bytearray()
        await asyncio.to_thread(self._file.write, chunk)
        last = self.files[-1]
        self.files[-1] = UploadedFile(name=last.name, bytes=last.bytes + len(chunk))

    def _too_large(self) -> TooLarge:
        most = self._most_bytes / 1024**2
        return TooLarge(f"An upload has at most {most:,.0f} MB", code="too_large")


_FRAMING_BYTES: Final = 65_536
"""Bytes of a multipart body that are no file's."""


def clean_name(name: str) -> str:
    """The last part of a path, without characters that cannot be seen."""
    last = re.split(r"[/\\]", name.strip())[-1]
    return _UNPRINTABLE.sub("", last)[:_LONGEST_NAME] or "dump"


def _open(path: Path) -> BinaryIO:
    """A new file that only its owner may read."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _close(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
