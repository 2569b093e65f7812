"""What the calls of many folded sessions are counted and found by, a day of an app at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, text

from aftercall.core.instants import QUARTERS_OF_DAY, quarter_of
from aftercall.core.overview.call_facets import environment_facets
from aftercall.core.overview.digest import Environment, major_version
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    CallFacets,
    FacetCount,
    facet,
)
from aftercall.store.codecs import bitset
from aftercall.store.sessions.counted import (
    CountedVerdict,
    encode_counted,
    names_of_calls,
    read_counted,
    stored_calls,
)
from aftercall.store.sessions.facet_counts import Tallies
from aftercall.store.sessions.facets import read_peer_verdict
from aftercall.store.sessions.postings import block_and_bit, stored_bit
from aftercall.store.sessions.terms import call_term, quarter_term

BATCH: Final = 2_000
"""Rows that are written at once."""

_VERDICTS: Final = text(
    "SELECT s.id, s.ordinal, v.counted FROM sessions s"
    " JOIN session_verdicts v ON v.app_id = s.app_id AND v.session_id = s.id"
    " WHERE s.app_id = :app_id AND s.day = :day"
)
_PEERS: Final = text(
    "SELECT v.session_id, v.person, v.summary, v.digest FROM sessions s"
    " JOIN peer_verdicts v ON v.app_id = s.app_id AND v.session_id = s.id"
    " JOIN participants p ON p.app_id = v.app_id AND p.session_id = v.session_id"
    " AND p.id = v.participant_id"
    " WHERE s.app_id = :app_id AND s.day = :day AND NOT p.is_hidden"
    " ORDER BY v.session_id, v.joined_at, v.participant_id"
)

Bits = dict[tuple[str, int], int]


class DayOfCalls(NamedTuple):
    """What one day of an app adds."""

    counted: list[dict[str, Any]]
    """The verdicts that are counted by other things, as parameters of an update."""
    postings: Bits
    tallies: Tallies
    """All counts of quarter hours, and the changes of those of the day."""


def read_day(connection: Connection, app_id: str, day: int) -> DayOfCalls:
    """The calls of a day, from the verdicts of its participants."""
    given = {"app_id": app_id, "day": day}
    calls: dict[str, list[CallFacets]] = defaultdict(list)
    for session_id, person, summary, digest in connection.execute(_PEERS, given):
        calls[session_id].append(_call_of(person, summary, digest))
    found = DayOfCalls([], {}, Tallies())
    for id, ordinal, stored in connection.execute(_VERDICTS, given):
        old = read_counted(stored)
        new = _with_calls(old, calls[id]) if calls[id] else old
        if new is not old:
            found.counted.append({"app": app_id, "id": id, "counted": encode_counted(new)})
        changes = Tallies()
        changes.add(new)
        found.tallies.quarters.update(_summed(found.tallies.quarters, changes.quarters))
        changes.add(old, -1)
        found.tallies.days.update(_summed(found.tallies.days, changes.days))
        if ordinal is not None:
            _post(found.postings, ordinal, new)
    return found


def write_rows(connection: Connection, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Run the statement for each row, many at once."""
    batch: list[Mapping[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            connection.execute(text(statement), batch)
            batch = []
    if batch:
        connection.execute(text(statement), batch)


def posting_rows(app_id: str, postings: Bits) -> Iterator[dict[str, Any]]:
    """The rows of `session_postings`, in the order of their key."""
    for (term, block), bits in sorted(postings.items()):
        yield {"app": app_id, "term": term, "block": block, "bits": bitset.encode(bits)}


def _summed(known: Mapping[Any, list[int]], more: Mapping[Any, list[int]]) -> dict[Any, list[int]]:
    return {
        key: [a + b for a, b in zip(known.get(key, [0] * 4), numbers, strict=True)]
        for key, numbers in more.items()
    }


def _call_of(person: str, summary: str, packed: bytes) -> CallFacets:
    """A call as its verdict in short tells of it. Of where it came from, that holds less than the
    folded report."""
    found, digest = read_peer_verdict(summary, packed)
    where = Environment(
        browser=found.browser,
        browser_version=major_version(found.browser, digest.browser_version if digest else None),
        os=found.os,
        country=found.country,
        network=found.network,
        relay=found.relay,
    )
    names = environment_facets(where) | {facet("person", person)}
    if digest is not None:
        names |= {facet("issue", issue.name.value) for issue in digest.issues}
        return CallFacets(frozenset(names), digest.is_judged, digest.is_bad)
    return CallFacets(frozenset(names), found.is_measured, found.is_bad)


def _with_calls(counted: CountedVerdict, calls: list[CallFacets]) -> CountedVerdict:
    """The same session, counted by these calls. Facets of all its calls stay."""
    sums: dict[str, list[int]] = {
        name: [0, 0] for name in counted.facets if name == FACET_ALL or name.startswith("meeting:")
    }
    always = list(sums)
    for call in calls:
        for name in (*always, *sorted(call.facets)):
            numbers = sums.setdefault(name, [0, 0])
            numbers[0] += call.is_judged
            numbers[1] += call.is_bad
    facets = {name: FacetCount(*numbers) for name, numbers in sums.items()}
    return replace(counted, facets=facets, calls=stored_calls(facets, calls))


def _post(postings: Bits, ordinal: int, counted: CountedVerdict) -> None:
    block, bit = block_and_bit(ordinal)
    terms = {quarter_term(quarter_of(counted.created_at) % QUARTERS_OF_DAY)}
    for place, names in enumerate(names_of_calls(counted)):
        terms.update(call_term(place, name) for name in names)
    for each in terms:
        term, own = stored_bit(each, bit)
        postings[term, block] = postings.get((term, block), 0) | own
