"""The content of a release's database as text: a file a table, a line of JSON a row."""

import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import zstandard

_ZSTD: Final = zstandard.FRAME_HEADER
_SIZES: Final = re.compile(r"(?<=[,\[])\d+(?=[,\]])")
_HEAD: Final = bytes(range(32)) + bytes(range(128, 256))
"""What a part between packed ones may begin with: a format's number and lengths."""
_UNSEEN: Final = frozenset({"alembic_version", "keys"})
"""Tables whose content differs by design: the schema's revision and keys drawn by chance."""


def dump(database: Path, dictionaries: Path, folder: Path) -> None:
    """Write the tables' rows, sorted, and their definitions into the folder. `dictionaries` holds
    the `.zdict` files of the release, in whichever folder below it."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = _Reader(dictionaries)
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        made = db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
        (folder / "schema.txt").write_text("".join(f"{row['sql']};\n" for row in made))
        names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        for (name,) in names.fetchall():
            if name in _UNSEEN or name.startswith("sqlite_"):
                continue
            rows = db.execute(f'SELECT * FROM "{name}"')
            lines = sorted(
                json.dumps({k: reader.read(v) for k, v in dict(row).items()}) for row in rows
            )
            (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))


class _Reader:
    """Reads values of rows; blobs by what they hold, not by how they are packed."""

    def __init__(self, dictionaries: Path) -> None:
        every = [
            zstandard.ZstdCompressionDict(path.read_bytes())
            for path in sorted(dictionaries.rglob("*.zdict"))
        ]
        self._dictionaries = {dictionary.dict_id(): dictionary for dictionary in every}

    def read(self, value: Any) -> Any:
        """A value as JSON can hold it: of bytes, the texts in them."""
        if not isinstance(value, bytes):
            return value
        texts = list(self._texts(value))
        return texts[0] if len(texts) == 1 else texts

    def _texts(self, blob: bytes) -> Iterator[Any]:
        """The texts in a blob: zstd frames, zlib and raw deflate streams, and what lies between
        them, in which lengths and checksums of packed parts are left out."""
        at = 0
        while at < len(blob):
            found = self._frame(blob[at:])
            if found is None:
                end = _next_packed(blob, at)
                yield _SIZES.sub("0", _plain(blob[at:end].lstrip(_HEAD)))
            else:
                text, length = found
                yield _parsed(text)
                end = at + length
            at = end

    def _frame(self, rest: bytes) -> tuple[bytes, int] | None:
        """The first packed part of `rest`, unpacked, and its packed length."""
        if rest.startswith(_ZSTD):
            number = zstandard.get_frame_parameters(rest).dict_id
            unpacker = zstandard.ZstdDecompressor(dict_data=self._dictionaries.get(number))
            stream = unpacker.decompressobj()
            text = stream.decompress(rest)
            return text, len(rest) - len(stream.unused_data)
        for window in (-zlib.MAX_WBITS, zlib.MAX_WBITS):
            inflating = zlib.decompressobj(window)
            try:
                text = inflating.decompress(rest)
            except zlib.error:
                continue
            if inflating.eof and text:
                return text, len(rest) - len(inflating.unused_data)
        return None


def _next_packed(blob: bytes, at: int) -> int:
    found = blob.find(_ZSTD, at + 1)
    return len(blob) if found < 0 else found


def _plain(part: bytes) -> str:
    return part.decode("utf-8", errors="backslashreplace")


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return _plain(text)
