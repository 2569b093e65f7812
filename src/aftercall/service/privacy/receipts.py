"""Receipts of erasures in a file beside the database, so that they survive the restoration of an
older backup, and are applied again after it.

The file has a line of JSON for each receipt and each change of one; the last line of an id counts.
It also holds the key of the hashes: a backup may be older than the key.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from aftercall.core.privacy_records import Erasure

FILE_NAME: Final = "erasures.jsonl"

_encode: Final = msgspec.json.Encoder().encode


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the file."""

    key: str
    receipt: Erasure


_lines: Final = msgspec.json.Decoder(Line)


class ReceiptFile:
    """The file of receipts in a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME

    def append(self, key: str, receipt: Erasure) -> None:
        """Add a receipt; it is on disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.write(descriptor, _encode(Line(key=key, receipt=receipt)) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def adopt(self, other: Path) -> None:
        """Add what another file of receipts holds. Raises `OSError` if it cannot be read."""
        content = other.read_bytes()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # A line that a crash cut off must not swallow the first one of the other file.
            os.write(descriptor, b"\n" + content.rstrip(b"\n") + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self) -> list[Line]:
        """The last line of each receipt, in the order of their requests. A line that was cut off
        by a crash is passed over."""
        if not self._path.exists():
            return []
        found: dict[tuple[str, str], Line] = {}
        for text in self._path.read_bytes().splitlines():
            try:
                line = _lines.decode(text)
            except msgspec.DecodeError:
                continue
            found[line.receipt.app_id, line.receipt.id] = line
        return sorted(found.values(), key=lambda line: line.receipt.requested_at)
