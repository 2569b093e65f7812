"""Find sessions and people by words without apostrophes and hyphens, and by plain spellings.

The words are added to those that are there; a day of an app is read at a time. Words, terms and
encodings are those of the program. A downgrade leaves them: they are found by nothing that asks for
less.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from alembic import op

from aftercall.core.search_terms import words_of
from aftercall.store.codecs import bitset
from aftercall.store.sessions.bulk_calls import write_rows
from aftercall.store.sessions.counted import encode_counted, read_counted
from aftercall.store.sessions.postings import block_and_bit
from aftercall.store.sessions.terms import TITLE, WORD, terms_of_words

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

Bits = dict[tuple[str, int], int]

_SESSIONS = sa.text(
    "SELECT s.id, s.ordinal, s.title, v.counted FROM sessions s"
    " LEFT JOIN session_verdicts v ON v.app_id = s.app_id AND v.session_id = s.id"
    " WHERE s.app_id = :app_id AND s.day = :day AND s.ordinal IS NOT NULL"
)
_NAMES = sa.text(
    "SELECT p.session_id, p.display_name FROM sessions s"
    " JOIN participants p ON p.app_id = s.app_id AND p.session_id = s.id"
    " WHERE s.app_id = :app_id AND s.day = :day AND s.ordinal IS NOT NULL"
    " AND p.display_name IS NOT NULL AND NOT p.is_hidden"
)
_FIND = sa.text(
    "SELECT sessions FROM session_postings WHERE app_id = :app AND term = :term AND block = :block"
)
_PUT = (
    "INSERT INTO session_postings (app_id, term, block, sessions)"
    " VALUES (:app, :term, :block, :bits)"
    " ON CONFLICT (app_id, term, block) DO UPDATE SET sessions = excluded.sessions"
)
_COUNTED = "UPDATE session_verdicts SET counted = :counted WHERE app_id = :app AND session_id = :id"
_PEOPLE = sa.text("SELECT app_id, person, name FROM people WHERE name IS NOT NULL")
_KNOW = (
    "INSERT INTO people_terms (app_id, term, person) VALUES (:app, :term, :person)"
    " ON CONFLICT (app_id, term, person) DO NOTHING"
)
_DAYS = sa.text("SELECT DISTINCT app_id, day FROM sessions ORDER BY app_id, day")


def upgrade() -> None:
    connection = op.get_bind()
    for app_id, day in list(connection.execute(_DAYS)):
        _add_to_day(connection, app_id, day)
    people = list(connection.execute(_PEOPLE))
    write_rows(
        connection,
        _KNOW,
        (
            {"app": app_id, "term": f"{WORD}:{word}", "person": person}
            for app_id, person, name in people
            for word in _added(name)
        ),
    )


def downgrade() -> None:
    pass


def _add_to_day(connection: sa.Connection, app_id: str, day: int) -> None:
    given = {"app_id": app_id, "day": day}
    names: dict[str, list[str]] = defaultdict(list)
    for session_id, name in connection.execute(_NAMES, given):
        names[session_id].append(name)
    bits: Bits = {}
    counted = []
    for id, ordinal, title, stored in connection.execute(_SESSIONS, given):
        terms = set(terms_of_words(TITLE, _added(title)))
        if stored is not None:
            verdict = read_counted(stored)
            marks = dict.fromkeys(verdict.marks)
            words = [word for text in (title, *names[id]) for word in _added(text)]
            new = [mark for word in words if (mark := f"{WORD}:{word}") not in marks]
            if new:
                verdict.marks = [*marks, *dict.fromkeys(new)]
                counted.append({"app": app_id, "id": id, "counted": encode_counted(verdict)})
            terms.update(terms_of_words(WORD, words))
        block, bit = block_and_bit(ordinal)
        for term in terms:
            bits[term, block] = bits.get((term, block), 0) | bit
    write_rows(connection, _COUNTED, counted)
    write_rows(connection, _PUT, list(_merged(connection, app_id, bits)))


def _merged(connection: sa.Connection, app_id: str, bits: Bits) -> Iterator[dict[str, object]]:
    """The rows of postings with these sessions beside those that they have."""
    for (term, block), places in sorted(bits.items()):
        key = {"app": app_id, "term": term, "block": block}
        stored = connection.execute(_FIND, key).scalar()
        known = 0 if stored is None else bitset.decode(stored)
        yield {**key, "bits": bitset.encode(known | places)}


def _added(text: str) -> Iterable[str]:
    """The words of a text that may have others than its parts."""
    is_plain = text.isascii() and text.replace(" ", "").isalnum()
    return () if is_plain else words_of(text)
