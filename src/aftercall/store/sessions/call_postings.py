"""Calls in the postings: what one and the same participant of a session has in common.

A participant of a session has a place among its participants. The postings of a facet hold, beside
the session's place in its block, that of the participant: eight planes of a block's places are one
row, the plane of a participant's place modulo 8. So conditions on one participant are intersected
as conditions on sessions are, and calls are counted as sessions are.
"""

from typing import Final

from aftercall.core.overview.call_facets import MOST_CALLS
from aftercall.store.sessions.terms import CALL, Wanted, call_term

PLANES: Final = 8
"""Participants of a session in one row; chosen: a call of up to so many people has one row for
each of its facets, and a bitmap of a row up to 4 KiB."""

GROUPS: Final = MOST_CALLS // PLANES
_SUFFIX: Final = len("~000")
_LAST: Final = "~g"
"""Follows all numbers of groups, which are hexadecimal."""

Bits = dict[int, int]


def stored_term(term: str) -> tuple[str, int]:
    """The term under which a term of a session is stored, and the plane of its places."""
    if not term.startswith(f"{CALL}:"):
        return term, 0
    _, place, name = term.split(":", 2)
    group, plane = divmod(int(place), PLANES)
    return f"{CALL}~{name}~{group:03x}", plane


def planes_of(stored: str, bits: int, size: int) -> list[tuple[str, int]]:
    """The inverse of `stored_term`: the terms of a row, each with the places of its sessions, of
    which a plane has `size`."""
    if not stored.startswith(f"{CALL}~"):
        return [(stored, bits)]
    name, group = stored[len(CALL) + 1 : -_SUFFIX], int(stored[1 - _SUFFIX :], 16)
    plane = (1 << size) - 1
    return [
        (call_term(group * PLANES + number, name), places)
        for number in range(PLANES)
        if (places := bits >> number * size & plane)
    ]


def wanted_calls(name: str) -> Wanted:
    """What leads to the calls with a facet."""
    return Wanted(f"{CALL}~{name}~0", f"{CALL}~{name}{_LAST}")


def calls_with(by_term: dict[str, Bits], name: str) -> Bits:
    """The calls with a facet, of what was read: by block and group of participants."""
    start = f"{CALL}~{name}~"
    length = len(CALL) + len(name) + 1 + _SUFFIX
    found: Bits = {}
    for term, bits in by_term.items():
        if len(term) == length and term.startswith(start):
            group = int(term[1 - _SUFFIX :], 16)
            found |= {block * GROUPS + group: places for block, places in bits.items()}
    return found


def facet_of(stored: str) -> tuple[str, int]:
    """The facet of a row of `call_term`s, and the group of its participants."""
    return stored[len(CALL) + 1 : -_SUFFIX], int(stored[1 - _SUFFIX :], 16)


def by_block(calls: Bits) -> dict[int, Bits]:
    """The same calls, those of each block of sessions apart."""
    found: dict[int, Bits] = {}
    for key, bits in calls.items():
        found.setdefault(key // GROUPS, {})[key] = bits
    return found


def calls_within(calls: Bits, sessions: Bits, size: int) -> Bits:
    """Those of the calls that are in the sessions."""
    found: Bits = {}
    for block, of_block in by_block(calls).items():
        places = sessions.get(block, 0)
        every = 0
        for plane in range(PLANES):
            every |= places << plane * size
        found |= {key: shared for key, bits in of_block.items() if (shared := bits & every)}
    return found


def sessions_of(calls: Bits, size: int) -> Bits:
    """The sessions of calls."""
    plane = (1 << size) - 1
    found: Bits = {}
    for key, bits in calls.items():
        block, places = key // GROUPS, 0
        while bits:
            places |= bits & plane
            bits >>= size
        found[block] = found.get(block, 0) | places
    return found


def count_calls(calls: Bits, sessions: Bits, size: int) -> int:
    """How many of the calls are in the sessions."""
    number = 0
    for key, bits in calls.items():
        wanted = sessions.get(key // GROUPS, 0)
        while wanted and bits:
            number += (bits & wanted).bit_count()
            bits >>= size
    return number
