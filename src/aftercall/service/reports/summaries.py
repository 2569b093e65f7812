"""Summaries of sessions: requested, made by a job, stored beside the transcript."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec
import structlog
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import AftercallError, Busy, Malformed, NotFound
from aftercall.core.ids import id_from
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.records import (
    Job,
    Phase,
    Session,
    Summary,
    SummaryState,
    TranscriptLine,
)
from aftercall.core.retention import DataKind
from aftercall.core.summary.layout import SummaryOptions
from aftercall.core.summary.model_text import SummaryMaker
from aftercall.core.summary.summarise import summarise
from aftercall.service.recording.follow_ups import SUMMARISE
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.webhooks.artefacts import ArtefactNews
from aftercall.settings import Settings
from aftercall.store import chat_transcript, jobs, meetings
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

log = structlog.get_logger(__name__)


class MadeSummary(NamedTuple):
    """A summary's text, and who wrote it."""

    text: str
    maker: SummaryMaker = SummaryMaker()


Summariser = Callable[[Sequence[TranscriptLine], SummaryOptions, EpochMs], Awaitable[MadeSummary]]
"""Makes the text from the lines, the options and the time that times are relative to. May raise
`Busy` to be called again later; any other error fails the summary."""

SUMMARISE_ON_END: Final = "summarize_on_end"
"""The member of a meeting's settings that asks for summaries."""

_UNDER_WAY = (SummaryState.PENDING, SummaryState.IN_PROGRESS)


async def extract(
    lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
) -> MadeSummary:
    """The built-in summariser, in a thread, since a long call takes it a second."""
    text = await asyncio.to_thread(summarise, lines, options, started_at=started_at)
    return MadeSummary(text)


class Summaries:
    """The use cases of summaries. `options_of` reads the options from a meeting's settings."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        options_of: Callable[[Mapping[str, Any]], SummaryOptions],
        retention: RetentionRule | None = None,
        summariser: Summariser = extract,
        artefacts: ArtefactNews | None = None,
        lanes: int = 0,
    ) -> None:
        """`lanes`: how many summaries are made at a time, over all sessions; 0: one of each."""
        self._lanes = lanes
        self._artefacts = artefacts
        self._db = db
        self._clock = clock
        self._options_of = options_of
        self._retention = retention or RetentionRule(db=db, clock=clock, settings=Settings())
        self._summariser = summariser

    async def request(self, app_id: str, session_id: str) -> Summary:
        """Request a summary; returns it. One under way is not started twice; a finished one is made
        again, and its old text is kept until then.

        Raises `NotFound` for an unknown session, and when the time of its transcript or of its
        summary is over; `Malformed` for one that has not ended or has no transcript.
        """
        async with self._db.write() as tx:
            session = await session_rows.lock_session(tx, app_id, session_id)
            if session is None:
                raise NotFound.of("session", session_id)
            for kind in (DataKind.SESSIONS, DataKind.TRANSCRIPTS, DataKind.SUMMARIES):
                await self._retention.kept_until(kind, session, tx)
            if session.phase is not Phase.ENDED:
                raise Malformed(
                    f"Session {session_id} is LIVE; it can be summarised once it has ended",
                    code="session_live",
                )
            known = await chat_transcript.find_summary(tx, app_id, session_id)
            if known is not None and known.state in _UNDER_WAY:
                return known
            if not await chat_transcript.count_lines(tx, app_id, session_id):
                raise Malformed(
                    f"Session {session_id} has no transcript to summarise", code="no_transcript"
                )
            return await self._enqueue(tx, session, known)

    async def drop_text(self, app_id: str, session_id: str) -> None:
        """Drop the text of a session's summary; one that is being made is not stored."""
        async with self._db.write() as tx:
            known = await chat_transcript.find_summary(tx, app_id, session_id)
            if known is not None:
                later = EpochMs(known.requested_at + 1)
                dropped = replace(known, state=SummaryState.COMPLETED, text=None, error=None)
                await chat_transcript.save_summary(tx, replace(dropped, requested_at=later))

    async def renew_dropped(self, app_id: str, session_id: str) -> bool:
        """Make a summary whose text was dropped again of the lines that are left; the summary goes
        if none are. Returns whether there was such a summary."""
        async with self._db.write() as tx:
            session = await session_rows.lock_session(tx, app_id, session_id)
            known = await chat_transcript.find_summary(tx, app_id, session_id)
            if session is None or known is None:
                return False
            if known.state is not SummaryState.COMPLETED or known.text is not None:
                return False
            if await chat_transcript.count_lines(tx, app_id, session_id):
                await self._enqueue(tx, session, known)
            else:
                await chat_transcript.delete_summary(tx, app_id, session_id)
            return True

    async def renew(self, tx: AsyncConnection, session: Session) -> bool:
        """Have the summary of an ended session made again, in the transaction that gives it another
        transcript, if it has one or its meeting wants one; returns whether it is made."""
        kept = await self._retention.kept_of(session.app_id, session, tx)
        if not {DataKind.TRANSCRIPTS, DataKind.SUMMARIES} <= kept:
            return False
        known = await chat_transcript.find_summary(tx, session.app_id, session.id)
        if known is None and not await wants_summary(tx, session):
            return False
        await self._enqueue(tx, session, known)
        return True

    async def _enqueue(
        self, tx: AsyncConnection, session: Session, known: Summary | None
    ) -> Summary:
        now = self._clock()
        # Two requests within one millisecond must not share the job of the one before.
        requested_at = now if known is None else EpochMs(max(now, known.requested_at + 1))
        summary = Summary(
            app_id=session.app_id,
            session_id=session.id,
            state=SummaryState.PENDING,
            text=None if known is None else known.text,
            is_markdown=known is not None and known.is_markdown,
            maker=None if known is None else known.maker,
            requested_at=requested_at,
        )
        await chat_transcript.save_summary(tx, summary)
        await jobs.add(tx, [_job(summary, now, self._lanes)])
        return summary

    async def carry_out(self, app_id: str, session_id: str) -> None:
        """Make the summary that was requested. A repeat does nothing once it is made."""
        async with self._db.write() as tx:
            session = await session_rows.lock_session(tx, app_id, session_id)
            summary = await chat_transcript.find_summary(tx, app_id, session_id)
            if session is None or summary is None or summary.state not in _UNDER_WAY:
                return
            kept = await self._retention.kept_of(app_id, session, tx)
            if not {DataKind.TRANSCRIPTS, DataKind.SUMMARIES} <= kept:
                return
            summary = replace(summary, state=SummaryState.IN_PROGRESS)
            await chat_transcript.save_summary(tx, summary)
            lines = await chat_transcript.lines_of_session(tx, app_id, session_id)
            meeting = await meetings.find_meeting(tx, app_id, session.meeting_id)
        options = self._options_of({} if meeting is None else meeting.settings)
        try:
            made = await self._summariser(lines, options, session.started_at)
        except Busy:
            raise
        except Exception as error:
            log.error(
                "summary failed",
                action="summary_failed",
                app_id=app_id,
                session_id=session_id,
                exc_info=error,
            )
            await self._save(
                replace(summary, state=SummaryState.FAILED, error=_public_message(error))
            )
            return
        await self._save(
            replace(
                summary,
                state=SummaryState.COMPLETED,
                text=made.text,
                maker=msgspec.to_builtins(made.maker),
                is_markdown=options.is_markdown,
                error=None,
            )
        )

    async def give_up(self, app_id: str, session_id: str, error: str) -> None:
        """Mark a summary under way as failed, as its job is dead."""
        async with self._db.write() as tx:
            summary = await chat_transcript.find_summary(tx, app_id, session_id)
            if summary is not None and summary.state in _UNDER_WAY:
                failed = replace(summary, state=SummaryState.FAILED, error=error)
                await chat_transcript.save_summary(tx, replace(failed, completed_at=self._clock()))

    async def _save(self, summary: Summary) -> None:
        """Write a summary, unless it was requested again or deleted since its lines were read."""
        async with self._db.write() as tx:
            known = await chat_transcript.find_summary(tx, summary.app_id, summary.session_id)
            if known is None or known.requested_at != summary.requested_at:
                return
            await chat_transcript.save_summary(tx, replace(summary, completed_at=self._clock()))
            if self._artefacts is not None and summary.state is SummaryState.COMPLETED:
                await self._artefacts.announce_summary(tx, summary)


async def wants_summary(tx: AsyncConnection, session: Session) -> bool:
    """Whether a session's meeting wants a summary of each of its sessions."""
    meeting = await meetings.find_meeting(tx, session.app_id, session.meeting_id)
    return meeting is not None and bool(meeting.settings.get(SUMMARISE_ON_END))


def _public_message(error: Exception) -> str:
    """What callers may know of an error: the message of our own errors, and only the type of
    others, whose messages can hold anything."""
    return error.message if isinstance(error, AftercallError) else type(error).__name__


def _job(summary: Summary, now: EpochMs, lanes: int) -> Job:
    lane = f"summary:{summary.app_id}:{summary.session_id}"
    if lanes:
        # A model that is slow or silent must not hold all the slots of jobs.
        lane = f"summary:{crc32(lane.encode()) % lanes}"
    return Job(
        id=id_from(summary.app_id, SUMMARISE, summary.session_id, str(summary.requested_at)),
        task=SUMMARISE,
        lane=lane,
        payload={"app_id": summary.app_id, "session_id": summary.session_id},
        created_at=now,
        due_at=now,
    )
