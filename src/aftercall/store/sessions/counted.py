"""What a folded session is counted and found by, stored with its verdict, so that it can be taken
out of counts and postings again."""

from collections.abc import Iterator
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.call_facets import FACET_MEASURED
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    FACET_BAD,
    CallFacets,
    FacetCount,
    SessionVerdict,
)
from aftercall.store.sessions.terms import terms_of_verdict

_JUDGED: Final = 1
_BAD: Final = 2
"""Bits of the first number of a stored call."""


class CountedVerdict(msgspec.Struct):
    """A session's facets with the calls of each, and its search terms. A call is its flags, then
    the places of its facets among `facets`."""

    created_at: EpochMs
    is_bad: bool
    facets: dict[str, FacetCount]
    marks: list[str]
    calls: list[list[int]] = []


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(CountedVerdict).decode


def counted_of(verdict: SessionVerdict) -> CountedVerdict:
    """What a verdict is counted by."""
    return CountedVerdict(
        created_at=verdict.created_at,
        is_bad=verdict.is_bad,
        facets=verdict.facets,
        marks=verdict.marks,
        calls=stored_calls(verdict.facets, verdict.calls),
    )


def stored_calls(facets: dict[str, FacetCount], calls: list[CallFacets]) -> list[list[int]]:
    """Calls as they are stored beside these facets of their session."""
    places = {name: place for place, name in enumerate(facets)}
    return [
        [
            _JUDGED * call.is_judged + _BAD * call.is_bad,
            *sorted(places[name] for name in call.facets if name in places),
        ]
        for call in calls
    ]


def encode_counted(counted: CountedVerdict) -> str:
    return _encode(counted).decode()


def read_counted(text: str) -> CountedVerdict:
    """What a session's verdict says that it has put into counts and postings."""
    return _decode(text)


def terms_of_counted(counted: CountedVerdict | None, rank: float | None) -> frozenset[str]:
    """The terms of a session of this verdict."""
    if counted is None:
        return frozenset()
    return terms_of_verdict(
        counted.marks,
        names_of_calls(counted),
        created_at=counted.created_at,
        level=None if rank is None else int(rank),
    )


def read_calls(counted: CountedVerdict) -> list[CallFacets]:
    """The inverse of `stored_calls`."""
    names = list(counted.facets)
    return [
        CallFacets(
            frozenset(names[place] for place in places), bool(flags & _JUDGED), bool(flags & _BAD)
        )
        for flags, *places in counted.calls
    ]


def names_of_calls(counted: CountedVerdict) -> Iterator[list[str]]:
    """What each call of a session is found by."""
    for call in read_calls(counted):
        found = sorted(call.facets)
        if call.is_judged:
            found.append(FACET_MEASURED)
        if call.is_bad:
            found.append(FACET_BAD)
        yield found


def without_kinds(counted: CountedVerdict, kinds: tuple[str, ...]) -> CountedVerdict:
    """What is counted when the facets of some kinds are no longer there."""
    kept = {
        name: numbers
        for name, numbers in counted.facets.items()
        if name.partition(":")[0] not in kinds
    }
    names = list(counted.facets)
    places = {name: place for place, name in enumerate(kept)}
    calls = [
        [flags, *(places[names[place]] for place in found if names[place] in places)]
        for flags, *found in counted.calls
    ]
    return msgspec.structs.replace(counted, facets=kept, calls=calls)


def found_by(counted: CountedVerdict | None) -> set[tuple[str, EpochMs]]:
    """The facets and search terms that lead to a session, with its moment."""
    if counted is None:
        return set()
    names = {*counted.facets, *counted.marks} - {FACET_ALL}
    if counted.is_bad:
        names.add(FACET_BAD)
    return {(name, counted.created_at) for name in names}
