"""The columns the tables are made of, alike on both engines."""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, Text

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


def words(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, WORDS, nullable=null)


def moment(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=null)


def count(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


def flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


def blob(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)
