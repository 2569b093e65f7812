"""The terms by which ended sessions are found in `session_postings`.

| term | sessions |
|---|---|
| `meeting:ID` | of the meeting |
| `title~PRE`, `title:WORD` | with a word in the title that begins so; that is longer, and this |
| `word~PRE`, `word:WORD` | the same, of the title and the participants' names |
| `session~PRE`, `meeting~PRE` | whose id, or whose meeting's, begins so |
| `size:BIT` | whose number of participants has this binary digit |
| `measured` | in the order of quality |
| `level:NUMBER` | whose level is this |
| `id:ID` | with the participant's whole id |
| `quarter:NUMBER` | created in this quarter hour of the UTC day |
| `call:PLACE:FACET` | whose participant of this place has the facet, as `bad`, `browser:NAME` |

Beginnings up to `BEGINNING` characters are terms: a search for less than a word reads one term, not
all words that begin so. How terms of participants are stored, `store.sessions.call_postings` says.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from aftercall.core.instants import QUARTER_MS, QUARTERS_OF_DAY, EpochMs
from aftercall.core.search_terms import LAST, words_of

BEGINNING: Final = 3
"""Characters; chosen: a longer beginning has few words, and each session is written under each."""

MEASURED: Final = "measured"
MEETING: Final = "meeting"
TITLE: Final = "title"
WORD: Final = "word"
SESSION: Final = "session"
QUARTER: Final = "quarter"
CALL: Final = "call"

SIZE_BITS: Final = 24
"""Binary digits of a number of participants."""


class Wanted(NamedTuple):
    """A term, or all terms from `first` to before `end`."""

    first: str
    end: str | None = None


def terms_of_end(
    *, id: str, meeting_id: str, title: str, total_participants: int
) -> frozenset[str]:
    """The terms of a session that has ended."""
    terms = {f"{MEETING}:{meeting_id}"}
    terms.update(_beginnings(SESSION, id))
    terms.update(_beginnings(MEETING, meeting_id))
    terms.update(terms_of_words(TITLE, words_of(title)))
    terms.update(size_bit(bit) for bit in range(SIZE_BITS) if total_participants >> bit & 1)
    return frozenset(terms)


def terms_of_verdict(
    marks: Iterable[str],
    calls: Iterable[Iterable[str]],
    *,
    created_at: EpochMs,
    level: int | None,
) -> frozenset[str]:
    """The terms that a session has since it was folded: of its marks, of what each of its calls is
    found by, and of when it was created."""
    terms = set() if level is None else {MEASURED, level_term(level)}
    terms.add(quarter_term(created_at // QUARTER_MS % QUARTERS_OF_DAY))
    words = []
    for name in marks:
        kind, _, value = name.partition(":")
        if kind == WORD:
            words.append(value)
        else:
            terms.add(name)
    terms.update(terms_of_words(WORD, words))
    for place, names in enumerate(calls):
        terms.update(call_term(place, name) for name in names)
    return frozenset(terms)


def call_term(place: int, name: str) -> str:
    """The term of a session whose participant of this place has a facet."""
    return f"{CALL}:{place}:{name}"


def quarter_term(quarter: int) -> str:
    """The term of sessions created in a quarter hour of the UTC day."""
    return f"{QUARTER}:{quarter}"


def level_term(level: int) -> str:
    """The term of sessions whose worst participants have this level."""
    return f"level:{level}"


def wanted_word(kind: str, beginning: str) -> Wanted:
    """What leads to the sessions with a word that begins so."""
    if len(beginning) <= BEGINNING:
        return Wanted(f"{kind}~{beginning}")
    return Wanted(f"{kind}:{beginning}", f"{kind}:{beginning}{LAST}")


def size_bit(bit: int) -> str:
    return f"size:{bit}"


def terms_of_words(kind: str, words: Iterable[str]) -> Iterable[str]:
    """The terms of words of a title, or of titles and names."""
    for word in words:
        yield from _beginnings(kind, word)
        if len(word) > BEGINNING:
            yield f"{kind}:{word}"


def _beginnings(kind: str, text: str) -> Iterable[str]:
    return (f"{kind}~{text[:length]}" for length in range(1, min(len(text), BEGINNING) + 1))
