"""Keeps sessions that another system recorded, as it recorded them.

A session is saved in one transaction with everything that belongs to it, so that an import that was
cut off holds whole sessions only, and a session that is there need not be fetched again.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.egresses import merge_egresses
from aftercall.core.ids import id_from
from aftercall.core.imported_session import (
    IMPORTED_SOURCE,
    ImportedReport,
    ImportedSession,
    ImportedSummary,
)
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.quality.experience.time_scale import scale_of_session
from aftercall.core.quality.report.fold import FOLD_VERSION
from aftercall.core.records import (
    Meeting,
    MeetingStatus,
    Participant,
    Peer,
    Session,
    StoredReport,
    Summary,
    SummaryState,
)
from aftercall.core.retention import DataKind, is_too_old
from aftercall.service.erased_people import ErasedPeople, PersonIds
from aftercall.service.reports.document import pack_imported
from aftercall.service.reports.session_verdict import digest_verdict, overview_of
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import (
    chat_transcript,
    egresses,
    meetings,
    participants,
    peers,
    people,
    reports,
)
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets
from aftercall.store.sessions import rows as session_rows

_KEEP_ALIVE_S: Final = 60
_REPLACEABLE: Final = frozenset({IMPORTED_SOURCE, "realtimekit"})
"""Sources whose record of a session an import replaces: an import, and RealtimeKit's webhooks,
which hold less of the same session."""


class Saved(StrEnum):
    """What became of a session."""

    NEW = "new"
    REPLACED = "replaced"
    """It was there, as an earlier import or RealtimeKit's webhooks had it."""
    RECORDED_HERE = "recorded_here"
    """It is there as this server recorded it itself, with its own measurements, and stays."""
    PAST_RETENTION = "past_retention"


class Imports:
    """The use cases of an import."""

    def __init__(
        self, *, db: Database, clock: Clock, erased_people: ErasedPeople, retention: RetentionRule
    ) -> None:
        self._db = db
        self._clock = clock
        self._erased_people = erased_people
        self._retention = retention

    async def updated_at(self, app_id: str, session_ids: Sequence[str]) -> Mapping[str, EpochMs]:
        """When each of the sessions that were imported was last changed, by id. Sessions that are
        unknown, or were recorded here, are absent."""
        async with self._db.read() as tx:
            found = await session_rows.find_sessions(tx, app_id, session_ids)
            return {
                id: session.updated_at
                for id, session in found.items()
                if not session.kept_kinds & DataKind.SAMPLES.bit
                and await _is_replaceable(tx, app_id, id, {IMPORTED_SOURCE})
            }

    async def save(self, found: ImportedSession) -> Saved:
        """Save a session with all that belongs to it. People who were erased from this app are
        left out, and so is what they said."""
        app_id, id, now = found.session.app_id, found.session.id, self._clock()
        async with self._db.write() as tx:
            policy = await self._retention.policy_of(app_id, tx)
            if is_too_old(policy, found.session.ended_at or now, now):
                return Saved.PAST_RETENTION
            known = await session_rows.lock_session(tx, app_id, id)
            if known is not None:
                if not await _is_replaceable(tx, app_id, id, _REPLACEABLE):
                    return Saved.RECORDED_HERE
                found.session = replace(found.session, recorded_day=known.recorded_day)
            await self._without_erased(tx, found)
            await _with_free_ids(tx, found)
            await _save_meeting(tx, found.session, now)
            await self._save(tx, found, now)
        return Saved.NEW if known is None else Saved.REPLACED

    async def _without_erased(self, tx: AsyncConnection, found: ImportedSession) -> None:
        ids = {
            each.id: PersonIds(each.custom_participant_id, each.user_id)
            for each in found.participants
        }
        talkers = {PersonIds(None, each.user_id) for each in found.messages}
        talkers |= {PersonIds(each.custom_participant_id, each.user_id) for each in found.lines}
        erased = await self._erased_people.find(tx, found.session.app_id, {*ids.values(), *talkers})
        if not erased:
            return
        gone = {id for id, who in ids.items() if who in erased}
        gone_peers = {each.id for each in found.peers if each.participant_id in gone}
        found.participants = [each for each in found.participants if each.id not in gone]
        found.peers = [each for each in found.peers if each.participant_id not in gone]
        found.messages = [
            each
            for each in found.messages
            if PersonIds(None, each.user_id) not in erased and each.peer_id not in gone_peers
        ]
        found.lines = [
            each
            for each in found.lines
            if PersonIds(each.custom_participant_id, each.user_id) not in erased
            and each.peer_id not in gone_peers
        ]
        # Others' reports, the summary and the names of files may name them; recordings show them.
        found.summary = None
        found.egresses = [replace(each, texts={}) for each in found.egresses]
        for report in found.reports.values():
            report.answers = b""
            report.verdict.diagnosis = []

    async def _save(self, tx: AsyncConnection, found: ImportedSession, now: EpochMs) -> None:
        session = found.session
        await session_rows.save_session(tx, session)
        await _delete_others(tx, found)
        await participants.save_participants(tx, found.participants)
        await peers.save_peers(tx, found.peers)
        rows = {each.id: each for each in found.participants}
        await reports.save_reports(
            tx, [_stored(session, id, found.reports[id], now) for id in rows]
        )
        scale = scale_of_session(session, found.participants, now)
        digested = {
            id: digest_verdict(session, row, found.reports[id].verdict, [], scale)
            for id, row in rows.items()
        }
        overview = overview_of(session, found.participants, digested, scale)
        await facets.save_verdict(tx, overview.session, overview.peers)
        await people.save_people(tx, overview.people)
        await _save_talk(tx, found, now)
        await _save_egresses(tx, found)


async def _delete_others(tx: AsyncConnection, found: ImportedSession) -> None:
    """What an earlier record of the session had, and this one has not."""
    app_id, id = found.session.app_id, found.session.id
    kept = {each.id for each in found.peers}
    rows = {each.id for each in found.participants}
    old = [each.id for each in await peers.peers_of_session(tx, app_id, id)]
    await peers.delete_peers(tx, app_id, [each for each in old if each not in kept])
    shown = [each.id for each in await participants.participants_of_session(tx, app_id, id)]
    gone = [each for each in shown if each not in rows]
    if gone:
        await participants.delete_participants(tx, app_id, id, gone)
    await reports.delete_other_reports(tx, app_id, id, rows)


async def _is_replaceable(
    tx: AsyncConnection, app_id: str, session_id: str, sources: Iterable[str]
) -> bool:
    found = await peers.peers_of_session(tx, app_id, session_id)
    return {each.source for each in found} <= set(sources)


async def _with_free_ids(tx: AsyncConnection, found: ImportedSession) -> None:
    """Ids stay as they are, but for those of peers that another session of the app has: these
    get one that is a function of the session and the old id."""
    app_id, session_id = found.session.app_id, found.session.id
    known = await peers.find_peers(tx, app_id, [each.id for each in found.peers])
    new = {
        id: id_from(app_id, "imported", session_id, id)
        for id, peer in known.items()
        if peer.session_id != session_id
    }
    if not new:
        return

    def renamed(peer: Peer) -> Peer:
        previous = peer.previous_peer_id
        return replace(
            peer,
            id=new.get(peer.id, peer.id),
            participant_id=new.get(peer.participant_id, peer.participant_id),
            previous_peer_id=None if previous is None else new.get(previous, previous),
        )

    def renamed_row(row: Participant) -> Participant:
        return replace(row, id=new.get(row.id, row.id))

    found.peers = [renamed(each) for each in found.peers]
    found.participants = [renamed_row(each) for each in found.participants]
    found.reports = {new.get(id, id): report for id, report in found.reports.items()}
    found.messages = [
        replace(each, peer_id=new.get(each.peer_id or "", each.peer_id)) for each in found.messages
    ]
    found.lines = [
        replace(each, peer_id=new.get(each.peer_id or "", each.peer_id)) for each in found.lines
    ]


async def _save_meeting(tx: AsyncConnection, session: Session, now: EpochMs) -> None:
    if await meetings.find_meeting(tx, session.app_id, session.meeting_id) is None:
        meeting = Meeting(
            app_id=session.app_id,
            id=session.meeting_id,
            title=session.title,
            status=MeetingStatus.ACTIVE,
            keep_alive_s=_KEEP_ALIVE_S,
            created_at=session.created_at,
            updated_at=now,
        )
        await meetings.save_meeting(tx, meeting)


def _stored(session: Session, id: str, report: ImportedReport, now: EpochMs) -> StoredReport:
    rows = {family: bytes(text) for family, text in report.rows.items()}
    return StoredReport(
        app_id=session.app_id,
        session_id=session.id,
        peer_id=id,
        fold_version=FOLD_VERSION,
        folded_at=now,
        document=pack_imported(report.verdict, rows, report.answers),
        recorded_day=session.recorded_day,
    )


async def _save_talk(tx: AsyncConnection, found: ImportedSession, now: EpochMs) -> None:
    session = found.session
    new = await chat_transcript.save_messages(tx, found.messages)
    characters = sum(len(each.payload) for each in found.messages if each.id in new)
    new = await chat_transcript.save_lines(tx, found.lines)
    characters += sum(len(each.text) for each in found.lines if each.id in new)
    if characters:
        key = (session.app_id, session.id)
        await chat_transcript.add_characters(tx, {key: characters})
    if found.summary is not None:
        await chat_transcript.save_summary(tx, _summary(session, found.summary, now))


async def _save_egresses(tx: AsyncConnection, found: ImportedSession) -> None:
    """Join each to what is known of it, from webhooks or an earlier import. One whose id another
    session has gets an id that is a function of the session and the old id."""
    app_id, session_id = found.session.app_id, found.session.id
    for egress in found.egresses:
        known = await egresses.lock_egress(tx, app_id, egress.kind, egress.id)
        if known is not None and known.session_id != session_id:
            egress = replace(egress, id=id_from(app_id, "imported", session_id, egress.id))
            known = await egresses.lock_egress(tx, app_id, egress.kind, egress.id)
        await egresses.save_egress(tx, egress if known is None else merge_egresses(known, egress))


def _summary(session: Session, summary: ImportedSummary, now: EpochMs) -> Summary:
    return Summary(
        app_id=session.app_id,
        session_id=session.id,
        state=SummaryState.COMPLETED,
        text=summary.text,
        is_markdown=summary.is_markdown,
        requested_at=now,
        completed_at=now,
    )
