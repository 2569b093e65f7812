"""Ordinals, postings and counts of minutes of many ended sessions at once."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, text

from aftercall.store.codecs import bitset
from aftercall.store.sessions.counted import read_counted, terms_of_counted
from aftercall.store.sessions.minute_counts import keys_of_day
from aftercall.store.sessions.postings import NUMBER_BITS, block_and_bit, stored_bit
from aftercall.store.sessions.terms import terms_of_end

BATCH: Final = 2_000
"""Rows that are written at once."""

_APPS: Final = text("SELECT DISTINCT app_id FROM sessions")
_DAYS: Final = text(
    "SELECT DISTINCT day FROM sessions WHERE app_id = :app_id AND phase = 'ended' ORDER BY day"
)
_ENDED: Final = text(
    "SELECT s.id, s.meeting_id, s.title, s.total_participants, s.minutes_consumed,"
    " v.counted, v.quality_rank FROM sessions s"
    " LEFT JOIN session_verdicts v ON v.app_id = s.app_id AND v.session_id = s.id"
    " WHERE s.app_id = :app_id AND s.day = :day AND s.phase = 'ended'"
    " ORDER BY s.created_at, s.id"
)

Row = tuple[Any, ...]


class DayIndex:
    """The index of all ended sessions of one app and day."""

    def __init__(self, app_id: str, day: int) -> None:
        self._app_id = app_id
        self._day = day
        self._given = 0
        self._bits: dict[tuple[str, int], int] = {}
        self.minutes: Counter[tuple[int, int]] = Counter()
        """How many sessions there are of each day, or of all days, and bucket."""

    def add(self, terms: Iterable[str], minutes: float) -> int:
        """Index a session; its ordinal."""
        ordinal = (self._day << NUMBER_BITS) + self._given
        self._given += 1
        block, bit = block_and_bit(ordinal)
        bits = self._bits
        for term in terms:
            stored, own = stored_bit(term, bit)
            key = (stored, block)
            bits[key] = bits.get(key, 0) | own
        self.minutes.update(keys_of_day(self._day, minutes))
        return ordinal

    def day_row(self) -> Row:
        """The row of `session_days`."""
        return self._app_id, self._day, self._given

    def posting_rows(self) -> Iterator[Row]:
        """The rows of `session_postings`, in the order of their key."""
        for (term, block), bits in sorted(self._bits.items()):
            yield self._app_id, term, block, bitset.encode(bits)


def minute_rows(app_id: str, minutes: Counter[tuple[int, int]]) -> Iterator[Row]:
    """The rows of `minute_tallies`."""
    for (day, bucket), sessions in sorted(minutes.items()):
        yield app_id, day, bucket, sessions


def index_all(connection: Connection) -> None:
    """Index all ended sessions, a day of an app at a time. None may have been indexed before."""
    for app_id in connection.execute(_APPS).scalars().all():
        minutes: Counter[tuple[int, int]] = Counter()
        for day in connection.execute(_DAYS, {"app_id": app_id}).scalars().all():
            index = DayIndex(app_id, day)
            ordinals = [
                (index.add(_terms_of(row), row.minutes_consumed), app_id, row.id)
                for row in connection.execute(_ENDED, {"app_id": app_id, "day": day})
            ]
            _write(
                connection,
                "UPDATE sessions SET ordinal = :a WHERE app_id = :b AND id = :c",
                ordinals,
            )
            _write(connection, "INSERT INTO session_days VALUES (:a, :b, :c)", [index.day_row()])
            _write(
                connection,
                "INSERT INTO session_postings VALUES (:a, :b, :c, :d)",
                index.posting_rows(),
            )
            minutes.update(index.minutes)
        _write(
            connection,
            "INSERT INTO minute_tallies VALUES (:a, :b, :c, :d)",
            minute_rows(app_id, minutes),
        )


def _terms_of(row: Any) -> frozenset[str]:
    terms = terms_of_end(
        id=row.id,
        meeting_id=row.meeting_id,
        title=row.title,
        total_participants=row.total_participants,
    )
    if row.counted is None:
        return terms
    return terms | terms_of_counted(read_counted(row.counted), row.quality_rank)


def _write(connection: Connection, statement: str, rows: Iterable[Row]) -> None:
    """Run the statement, whose parameters are letters, for each row."""
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(dict(zip("abcd", row, strict=False)))
        if len(batch) == BATCH:
            connection.execute(text(statement), batch)
            batch = []
    if batch:
        connection.execute(text(statement), batch)
