"""Everything that lies in a database as text: each value of each table, unpacked."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import zstandard
from sqlalchemy import LargeBinary, select, type_coerce

from aftercall.core.errors import AftercallError
from aftercall.service.reports.document import unpack
from aftercall.store.codecs.sample_row import decompress
from aftercall.store.codecs.segment import unpack as unpack_segment
from aftercall.store.engine.column_types import PackedText
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema

_FRAME: Final = zstandard.FRAME_HEADER


async def stored_texts(db: Database) -> Iterator[tuple[str, str]]:
    """The place of each value, and the value as text."""
    found: list[tuple[str, str]] = []
    async with db.read() as tx:
        for table in schema.metadata.tables.values():
            columns = [
                type_coerce(c, LargeBinary) if isinstance(c.type, PackedText) else c
                for c in table.columns
            ]
            for row in await tx.execute(select(*columns)):
                for column, value in zip(table.columns, row, strict=True):
                    place = f"{table.name}.{column.name}"
                    if isinstance(value, bytes | memoryview):
                        found += ((place, text) for text in texts_in(place, bytes(value)))
                    elif value is not None:
                        found.append((place, str(value)))
    return iter(found)


def texts_in(place: str, value: bytes) -> Iterator[str]:
    """A value and all that is packed in it."""
    yield value.decode("utf-8", "replace")
    if place == "samples.body":
        yield decompress(value).decode()
    if place == "segments.body":
        for sample in unpack_segment("", value):
            yield sample.body.decode()
    if place == "reports.document":
        report = unpack(value)
        for raw in report.details.rows.values():
            yield bytes(raw).decode()
        yield str(report.receptions)
        with suppress(AftercallError):
            yield str(report.ends)
    at = value.find(_FRAME)
    while at >= 0:
        with suppress(zstandard.ZstdError):
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(value[at:])
            yield plain.decode("utf-8", "replace")
        at = value.find(_FRAME, at + 1)
    with suppress(zlib.error):
        yield zlib.decompress(value, wbits=-15).decode("utf-8", "replace")
