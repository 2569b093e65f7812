"""Whether the database keeps what it promises: its tables agree with each other, its numbers
follow from the facts, and everything in it can be read."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Table, select

from aftercall.core.errors import AftercallError
from aftercall.core.instants import day_of
from aftercall.core.lifecycle.presence import Counts, count, participants_of
from aftercall.core.overview.session_summary import FACET_ALL
from aftercall.core.records import Participant, Session
from aftercall.service.reports.document import is_readable, unpack
from aftercall.store import peers
from aftercall.store.checks import invariants, scans, stored_bodies
from aftercall.store.checks.invariants import EXAMPLES, Broken
from aftercall.store.codecs import bitset
from aftercall.store.engine.column_types import unpack as unpack_text
from aftercall.store.engine.database import Database
from aftercall.store.sessions import call_postings, minute_counts, people_counts, postings
from aftercall.store.sessions import facets as facet_rows
from aftercall.store.sessions import presence as presence_rows
from aftercall.store.sessions.counted import read_counted, terms_of_counted
from aftercall.store.sessions.day_counts import counted_by
from aftercall.store.sessions.facet_counts import Tallies
from aftercall.store.sessions.rows import find_with_keys
from aftercall.store.sessions.terms import terms_of_end
from aftercall.store.tables import schema

MINUTES_APART: Final = 1e-3

Look = Callable[["DataCheck"], AsyncIterator[str]]


class DataCheck:
    """Looks at everything there is. Takes as long as reading all of it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def broken(self) -> AsyncIterator[Broken]:
        """The promises that do not hold."""
        for promise in invariants.PROMISES:
            async with self._db.read() as tx:
                found = await invariants.find_broken(tx, promise)
            if found is not None:
                yield found
        for name, (sentence, look) in LOOKS.items():
            count_of, examples = 0, list[str]()
            async for example in look(self):
                count_of += 1
                if len(examples) < EXAMPLES:
                    examples.append(example)
            if count_of:
                yield Broken(name, sentence, count_of, examples)

    async def presence(self) -> AsyncIterator[str]:
        """Sessions whose participants or numbers are not those that follow from their peers."""
        async for page in scans.pages(self._db, schema.sessions):
            for row in page:
                if not await self._is_as_counted(row.app_id, row.id):
                    yield f"{row.app_id}/{row.id}"

    async def _is_as_counted(self, app_id: str, session_id: str) -> bool:
        try:
            # In one transaction, read afresh: calls go on meanwhile.
            async with self._db.read() as tx:
                known = await find_with_keys(tx, app_id, session_id)
                found = await peers.peers_of_session(tx, app_id, session_id)
                rows = await presence_rows.participants_of_sessions(tx, app_id, [session_id])
        except stored_bodies.UNREADABLE:
            return False
        if known is None:
            return True
        session, day, ordinal = known
        by_id = {peer.id: peer for peer in found}
        expected = participants_of(by_id)
        return (
            day == day_of(session.created_at)
            and (ordinal is None or postings.day_of_ordinal(ordinal) == day)
            and _same_rows(expected, {row.id: row for row in rows})
            and _same_counts(session, count(by_id, expected))
        )

    async def samples(self) -> AsyncIterator[str]:
        """Reports that came and cannot be read."""
        async for page in scans.pages(self._db, schema.samples, "body"):
            for row in page:
                if not can(stored_bodies.read_sample, row.body):
                    yield _key(row, schema.samples)

    async def segments(self) -> AsyncIterator[str]:
        """Merged reports that cannot be read, or are not those that are listed."""
        async for page in scans.pages(
            self._db, schema.segments, "samples", "sequences", "body", limit=20
        ):
            for row in page:
                if not can(stored_bodies.check_segment, row):
                    yield _key(row, schema.segments)

    async def reports(self) -> AsyncIterator[str]:
        """Reports that cannot be read. One of an older form is folded again when it is asked
        for."""
        async for page in scans.pages(self._db, schema.reports, "document", limit=20):
            for row in page:
                if is_readable(row.document) and not can(_read_report, row.document):
                    yield _key(row, schema.reports)

    async def verdicts(self) -> AsyncIterator[str]:
        """Verdicts in short that cannot be read."""
        async for page in scans.pages(self._db, schema.session_verdicts, "summary", "counted"):
            for row in page:
                if not (
                    can(facet_rows.read_summary, row.summary) and can(read_counted, row.counted)
                ):
                    yield _key(row, schema.session_verdicts)
        async for page in scans.pages(self._db, schema.peer_verdicts, "summary", "digest"):
            for row in page:
                if not can(facet_rows.read_peer_verdict, row.summary, row.digest):
                    yield _key(row, schema.peer_verdicts)

    async def texts(self) -> AsyncIterator[str]:
        """JSON, and compressed text, that cannot be read."""
        for columns, read in ((JSON_COLUMNS, msgspec.json.decode), (PACKED_COLUMNS, unpack_text)):
            for table, name in columns:
                async for page in scans.pages(self._db, table, name):
                    for row in page:
                        if not can(read, row[-1]):
                            yield f"{table.name} {_key(row, table)}"

    async def postings(self) -> AsyncIterator[str]:
        """Ended sessions that are found by other terms than they and their verdicts say."""
        expected: dict[tuple[str, int], int] = {}
        async for row, verdict_terms in self._ended():
            terms = verdict_terms | terms_of_end(
                id=row.id,
                meeting_id=row.meeting_id,
                title=row.title,
                total_participants=row.total_participants,
            )
            expected[row.app_id, row.ordinal] = sum(map(hash, terms))
        async for page in scans.pages(self._db, schema.session_postings, "sessions"):
            for row in page:
                try:
                    bits = bitset.decode(row.sessions)
                except stored_bodies.UNREADABLE:
                    yield _key(row, schema.session_postings)
                    continue
                for term, places in call_postings.planes_of(row.term, bits, postings.BLOCK_SIZE):
                    for ordinal in postings.ordinals_in(row.block, places):
                        key = (row.app_id, ordinal)
                        expected[key] = expected.get(key, 0) - hash(term)
        for key, rest in expected.items():
            if rest:
                yield "/".join(map(str, key))

    async def minutes(self) -> AsyncIterator[str]:
        """Days and buckets of minutes of which other numbers of ended sessions are counted."""
        expected: dict[tuple[str, int, int], list[int]] = {}
        names = ("phase", "created_at", "total_participants", "minutes_consumed")
        async for page in scans.pages(self._db, schema.sessions, *names):
            for row in page:
                counted = counted_by(
                    row.phase, row.created_at, row.total_participants, row.minutes_consumed
                )
                for day, bucket in minute_counts.keys_of(counted):
                    add(expected, (row.app_id, day, bucket), [1])
        async for page in scans.pages(self._db, schema.minute_tallies, "sessions"):
            for row in page:
                add(expected, (row.app_id, row.day, row.bucket), [-row.sessions])
        for key, rest in expected.items():
            if any(rest):
                yield "/".join(map(str, key))

    async def tallies(self) -> AsyncIterator[str]:
        """Facets of days, and of quarter hours, that are counted otherwise than the verdicts
        say."""
        tables = {
            "day": schema.facet_tallies,
            "quarter": schema.quarter_tallies,
            "all": schema.session_quarters,
        }
        expected: dict[tuple[str, str, str, int], list[int]] = {}
        async for row in self._counted():
            tallies = Tallies()
            tallies.add(read_counted(row.counted))
            for (facet, day), numbers in tallies.days.items():
                add(expected, ("day", row.app_id, facet, day), numbers)
            for (facet, quarter), numbers in tallies.quarters.items():
                is_all = facet == FACET_ALL
                kind, own = ("all", [0, *numbers[1:]]) if is_all else ("quarter", numbers)
                add(expected, (kind, row.app_id, facet, quarter), own)
        names = ("bad_sessions", "measured", "bad")
        for kind, table in tables.items():
            async for page in scans.pages(self._db, table, "sessions", *names):
                for row in page:
                    at = row.day if kind == "day" else row.quarter
                    facet = FACET_ALL if kind == "all" else row.facet
                    own = [0 if kind == "all" else row.sessions]
                    own += [getattr(row, name) for name in names]
                    add(expected, (kind, row.app_id, facet, at), [-each for each in own])
        for (_, *key), rest in expected.items():
            if any(rest):
                yield "/".join(map(str, key))

    async def people(self) -> AsyncIterator[str]:
        """Days of which other numbers of people are tallied than had sessions by the facets."""
        expected: dict[tuple[str, int, int], list[int]] = {}
        days: dict[tuple[str, str], list[int]] = {}
        async for page in scans.pages(self._db, schema.facet_tallies, "sessions"):
            for row in page:
                if row.sessions > 0 and row.facet.startswith(people_counts.PERSON):
                    days.setdefault((row.app_id, row.facet), []).append(row.day)
        for (app_id, _), of_person in days.items():
            for gap in people_counts.gaps_of(of_person):
                add(expected, (app_id, *gap), [1])
        async for page in scans.pages(self._db, schema.people_tallies, "people"):
            for row in page:
                add(expected, (row.app_id, row.day, row.previous_day), [-row.people])
        for key, rest in expected.items():
            if any(rest):
                yield "/".join(map(str, key))

    async def _ended(self) -> AsyncIterator[tuple[Row[Any], frozenset[str]]]:
        """The sessions that have an ordinal, with the terms of their verdicts."""
        names = ("ordinal", "meeting_id", "title", "total_participants")
        c = schema.session_verdicts.c
        async for page in scans.pages(self._db, schema.sessions, *names):
            async with self._db.read() as tx:
                rows = await tx.execute(
                    select(c.app_id, c.session_id, c.counted, c.quality_rank).where(
                        c.app_id.in_({row.app_id for row in page}),
                        c.session_id.in_([row.id for row in page]),
                    )
                )
                found = {
                    (row.app_id, row.session_id): terms_of_counted(
                        read_counted(row.counted), row.quality_rank
                    )
                    for row in rows
                    if can(read_counted, row.counted)
                }
            for row in page:
                if row.ordinal is not None:
                    yield row, found.get((row.app_id, row.id), frozenset())

    async def _counted(self) -> AsyncIterator[Row[Any]]:
        """The sessions' verdicts whose `counted` can be read."""
        async for page in scans.pages(self._db, schema.session_verdicts, "counted"):
            for row in page:
                if can(read_counted, row.counted):
                    yield row


LOOKS: Final[Mapping[str, tuple[str, Look]]] = {
    "numbers_follow_from_the_peers": (
        "sessions have other participants, minutes or numbers than follow from their peers",
        DataCheck.presence,
    ),
    "samples_are_readable": ("reports that came cannot be read", DataCheck.samples),
    "segments_are_readable": (
        "merged reports cannot be read, or are not those that are listed",
        DataCheck.segments,
    ),
    "reports_are_readable": ("folded reports cannot be read", DataCheck.reports),
    "verdicts_are_readable": ("verdicts in short cannot be read", DataCheck.verdicts),
    "texts_are_readable": ("JSON or compressed texts cannot be read", DataCheck.texts),
    "facets_agree_with_the_verdicts": (
        "sessions are found by other things than they and their verdicts say",
        DataCheck.postings,
    ),
    "minutes_are_tallied": (
        "days have other numbers of ended sessions of some minutes than are tallied",
        DataCheck.minutes,
    ),
    "facets_are_tallied": (
        "facets of a day are tallied otherwise than the verdicts say",
        DataCheck.tallies,
    ),
    "people_are_tallied": (
        "days have other numbers of people than are tallied",
        DataCheck.people,
    ),
}

JSON_COLUMNS: Final = (
    (schema.notes, "data"),
    (schema.meetings, "settings"),
    (schema.sessions, "minutes_by_view"),
    (schema.jobs, "payload"),
    (schema.early_facts, "fact"),
)

PACKED_COLUMNS: Final = ((schema.chat_messages, "payload"), (schema.transcript_lines, "text"))


def can(read: Callable[..., object], *given: Any) -> bool:
    """Whether something stored can be read."""
    try:
        read(*given)
    except (AftercallError, *stored_bodies.UNREADABLE):
        return False
    return True


def add(sums: dict[Any, list[int]], key: Any, numbers: Iterable[int]) -> None:
    """Add numbers to those of a key, place by place."""
    known = sums.get(key)
    sums[key] = (
        list(numbers) if known is None else [a + b for a, b in zip(known, numbers, strict=True)]
    )


def _read_report(document: bytes) -> None:
    report = unpack(document)
    _ = report.details, report.ends


def _key(row: Row[Any], table: Table) -> str:
    return "/".join(map(str, row[: len(table.primary_key.columns)]))


def _same_rows(expected: Mapping[str, Participant], stored: Mapping[str, Participant]) -> bool:
    return expected.keys() == stored.keys() and all(
        (row.user_id, row.is_hidden, row.joined_at, row.left_at)
        == (stored[id].user_id, stored[id].is_hidden, stored[id].joined_at, stored[id].left_at)
        and abs(row.duration_minutes - stored[id].duration_minutes) <= MINUTES_APART
        for id, row in expected.items()
    )


def _same_counts(session: Session, counts: Counts) -> bool:
    return (
        session.live_participants == counts.live_participants
        and session.total_participants == counts.total_participants
        and session.max_concurrent_participants == counts.max_concurrent_participants
        and abs(session.minutes_consumed - counts.minutes_consumed) <= MINUTES_APART
    )
