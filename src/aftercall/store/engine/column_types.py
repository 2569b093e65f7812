"""The columns the tables are made of, alike on both engines."""

from typing import Any, Final

import zstandard
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

WORDS: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its code points, whatever the locale of the database: pages are cut
the same on both engines, and a prefix is a range of an index."""


def text_column(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, WORDS, nullable=null)


def epoch_ms_column(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=null)


def integer_column(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


def bigint_column(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


def boolean_column(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


def blob_column(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


WORTH_COMPRESSING: Final = 64
"""Bytes; of less, compressing saves nothing."""

COMPRESSION_LEVEL: Final = 3


def pack(text: str) -> bytes:
    """A text in UTF-8, or as a zstd frame where that is smaller."""
    plain = text.encode()
    if len(plain) < WORTH_COMPRESSING:
        return plain
    return min(zstandard.compress(plain, COMPRESSION_LEVEL), plain, key=len)


def unpack(stored: bytes) -> str:
    """The text of what `pack` made. A frame begins with bytes that no UTF-8 begins with."""
    is_frame = stored.startswith(zstandard.FRAME_HEADER)
    return (zstandard.decompress(stored) if is_frame else stored).decode()


class PackedText(TypeDecorator[str]):
    """A text column whose values are stored compressed."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else unpack(value)


def compressed_text_column(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, PackedText, nullable=null)
