"""The record that bodies of a source make, in whatever order and batches they come."""

from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import select

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.privacy import Privacy
from aftercall.ingest.redaction import redact
from aftercall.ingest.source import Context, Source
from aftercall.ingest.source_kinds import CLIENT_SOURCES, ROOM_SOURCES
from aftercall.service.recording.delivery import Delivery
from aftercall.service.recording.recorder import Recorder
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema

_APPS = count()
_IDS = count()


_SWEPT_EVERY = 8
"""Posts between two sweeps."""


class Posted(NamedTuple):
    """A body and when it comes in."""

    at: EpochMs
    body: bytes


class Record(NamedTuple):
    """What an app holds, without the ids that are its own."""

    sessions: list[dict[str, Any]]
    stays: list[dict[str, Any]]


class App:
    """An app of its own that one source reports to."""

    def __init__(self, db: Database, source: Source) -> None:
        self.id = f"app-{next(_APPS)}"
        self.now = EpochMs(0)
        self._db = db
        self._source = source
        self._recorder = Recorder(
            db,
            clock=lambda: self.now,
            new_id=lambda: f"new-{next(_IDS)}",
            policy=Policy(client_sources=CLIENT_SOURCES, room_sources=ROOM_SOURCES),
        )

    async def take(self, posted: Sequence[Posted], *, batch: int = 1) -> None:
        """Record bodies in the given order, so many in each transaction; overdue sessions are
        swept in between."""
        for first in range(0, len(posted), batch):
            part = posted[first : first + batch]
            self.now = EpochMs(max(self.now, *(each.at for each in part)))
            await self._recorder.record_deliveries([self._delivery(each.body) for each in part])
            if first // _SWEPT_EVERY != (first - batch) // _SWEPT_EVERY:
                await self._sweep()

    async def record(self) -> Record:
        """What is held a day later."""
        self.now = EpochMs(self.now + DAY_MS)
        await self._sweep()
        async with self._db.read() as tx:
            tables = (schema.sessions, schema.peers, schema.participants)
            sessions, peers, participants = [
                [dict(row) for row in (await tx.execute(select(table).where(
                    table.c.app_id == self.id))).mappings()]
                for table in tables
            ]  # fmt: skip
        people = {(row["session_id"], row["id"]): row for row in participants}
        places = {row["id"]: (row["meeting_id"], row["started_at"]) for row in sessions}
        return Record(
            sorted((_kept(row, _SESSION) for row in sessions), key=str),
            sorted(
                (
                    _kept(row, _PEER)
                    | {"place": places[row["session_id"]]}
                    | _kept(people[row["session_id"], row["participant_id"]], _PARTICIPANT)
                    for row in peers
                ),
                key=str,
            ),
        )

    def _delivery(self, body: bytes) -> Delivery:
        found = self._source.translate(body, Context(self.id, self.now))
        return Delivery(
            app_id=self.id,
            source=self._source.SOURCE,
            received_at=self.now,
            events=redact(found.facts, Privacy.FULL),
        )

    async def _sweep(self) -> None:
        """Each look finds so many sessions at the most."""
        done: set[str] = set()
        while new := {id for app, id in await self._recorder.overdue() if app == self.id} - done:
            for session_id in new:
                await self._recorder.apply_rules(self.id, session_id)
            done |= new


_SESSION = (
    "meeting_id", "title", "phase", "started_at", "ended_at", "live_participants",
    "total_participants", "max_concurrent_participants", "minutes_consumed",
)  # fmt: skip
_PEER = (
    "custom_participant_id", "display_name", "is_hidden", "created_at", "left_at", "left_reason",
)  # fmt: skip
_PARTICIPANT = ("joined_at", "duration_minutes", "left_is_inferred")


def _kept(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def check_sound(record: Record) -> None:
    """Nothing is negative, and nothing is open a day later."""
    for session in record.sessions:
        assert session["phase"] == "ended", session
        assert session["ended_at"] >= session["started_at"], session
        assert session["live_participants"] == 0 and session["minutes_consumed"] >= 0, session
    for stay in record.stays:
        assert stay["left_at"] is not None and stay["left_at"] >= stay["created_at"], stay
        assert stay["duration_minutes"] >= 0, stay
