"""Stores finished transcripts that are uploaded for ended sessions.

An upload is one transaction: the lines, what follows from them and the entry of the audit log are
there together or not at all.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Malformed, TooLarge
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.pseudonyms import is_pseudonym
from aftercall.core.records import Peer, Phase, Session, TranscriptLine
from aftercall.core.retention import DataKind
from aftercall.core.uploaded_transcript import (
    ID_PREFIX,
    HeardSpeaker,
    Speakers,
    StoredTranscript,
    UploadedLine,
    UploadedTranscript,
    UploadOptions,
    id_prefix_of,
    line_of,
    place,
)
from aftercall.service.audit import Act, Actor, record_act
from aftercall.service.erased_people import ErasedPeople, PersonIds
from aftercall.service.reports.summaries import Summaries
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.webhooks.artefacts import ArtefactNews
from aftercall.store import chat_transcript, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

Accompany: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]
"""What else is written in the transaction of an upload; an error of it undoes the upload."""


class _Matched(NamedTuple):
    """A line as it would be stored, with its speaker."""

    line: TranscriptLine
    peer: Peer | None


class TranscriptUploads:
    """The use cases of uploaded transcripts."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        retention: RetentionRule,
        erased_people: ErasedPeople,
        summaries: Summaries,
        artefacts: ArtefactNews,
        most_characters: int,
    ) -> None:
        """`most_characters` of chat and transcript that a session may have; 0: no limit."""
        self._db = db
        self._clock = clock
        self._retention = retention
        self._erased_people = erased_people
        self._summaries = summaries
        self._artefacts = artefacts
        self._most_characters = most_characters

    async def names(self, app_id: str, session_id: str) -> list[str]:
        """The names of a session's people. Raises `NotFound`, also when the time of its transcript
        is over, and `Malformed` while it goes on."""
        _, found = await self._read(app_id, session_id)
        return Speakers(found).names

    async def check_speaker(self, app_id: str, session_id: str, speaker: str) -> None:
        """Raises what `names` raises, and `Malformed` for an id or a name that is of nobody in the
        session, or of several."""
        _, found = await self._read(app_id, session_id)
        line = UploadedLine(number=1, start_ms=0, end_ms=0, text="", speaker=speaker)
        if Speakers(found).find(line, EpochMs(0)) is None:
            raise Malformed(
                "The speaker must be the custom participant id, user id or peer id of somebody in "
                "the session, or a name that one participant alone has",
                code="unknown_speaker",
                field="speaker",
            )

    async def check_place(self, app_id: str, session_id: str) -> None:
        """Raises what `names` raises, and `Malformed` if there are recorded lines."""
        session, _ = await self._read(app_id, session_id)
        async with self._db.read() as tx:
            await self._refuse_recorded(tx, session)

    async def is_stored(self, app_id: str, session_id: str, digest: str) -> bool:
        """Whether the session's transcript is the one with this digest, which began with it."""
        prefix = id_prefix_of(digest, 0)
        async with self._db.read() as tx:
            lines = await chat_transcript.count_lines(tx, app_id, session_id, id_prefix=prefix)
        return lines > 0

    async def store(
        self,
        account_id: str,
        app_id: str,
        session_id: str,
        transcript: UploadedTranscript,
        options: UploadOptions,
        actor: Actor,
        accompany: Accompany | None = None,
    ) -> StoredTranscript:
        """Put a transcript in the place of the session's. The same one again changes nothing,
        unless it `replaces`.

        Raises what `names` raises; `Malformed` for a line that is far from the session, and if
        there are recorded lines that it must not replace; `TooLarge` for more characters than a
        session may have.
        """
        while True:
            session, known = await self._read(app_id, session_id)
            matched = await asyncio.to_thread(_match, session, known, transcript, options)
            async with self._db.write() as tx:
                # While the session is locked, no erasure begins in it.
                locked = await session_rows.lock_session(tx, app_id, session_id)
                if locked != session or known != await peers.peers_of_session(
                    tx, app_id, session_id
                ):
                    continue
                stored = await self._store(
                    tx, account_id, session, matched, transcript, options, actor
                )
                if accompany is not None:
                    await accompany(tx)
                return stored

    async def _read(self, app_id: str, session_id: str) -> tuple[Session, list[Peer]]:
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            if session.phase is not Phase.ENDED:
                raise Malformed(
                    f"Session {session_id} is LIVE; a transcript can be uploaded once it has ended",
                    code="session_live",
                )
            await self._retention.kept_until(DataKind.TRANSCRIPTS, session, tx)
            return session, list(await peers.peers_of_session(tx, app_id, session_id))

    async def _store(
        self,
        tx: AsyncConnection,
        account_id: str,
        session: Session,
        matched: Sequence[_Matched],
        transcript: UploadedTranscript,
        options: UploadOptions,
        actor: Actor,
    ) -> StoredTranscript:
        where = (session.app_id, session.id)
        kept = await self._without_erased(tx, session.app_id, matched)
        stored = StoredTranscript(
            session_id=session.id,
            format=transcript.format,
            speakers=_speakers_of(kept),
            left_out=len(matched) - len(kept),
            is_new=False,
            is_summarised=False,
        )
        prefix = id_prefix_of(transcript.digest, options.offset_ms)
        if not options.replaces:
            if await chat_transcript.count_lines(tx, *where, id_prefix=prefix):
                return stored
            await self._refuse_recorded(tx, session)
        lines = [each.line for each in kept]
        await self._count_characters(tx, session, lines)
        await chat_transcript.replace_transcript(tx, *where, lines)
        now = self._clock()
        act = Act.UPLOAD_TRANSCRIPT
        await record_act(tx, actor, act, account_id, session.app_id, session.id, now)
        if not lines:
            return stored._replace(is_new=True)
        await self._artefacts.announce_transcript(tx, session, key=str(now))
        is_summarised = await self._summaries.renew(tx, session)
        return stored._replace(is_new=True, is_summarised=is_summarised)

    async def _without_erased(
        self, tx: AsyncConnection, app_id: str, matched: Sequence[_Matched]
    ) -> list[_Matched]:
        ids = [PersonIds(each.line.custom_participant_id, each.line.user_id) for each in matched]
        erased = await self._erased_people.find(tx, app_id, set(ids))
        return [
            each
            for each, person in zip(matched, ids, strict=True)
            if person not in erased and not (each.peer and is_pseudonym(each.peer.user_id))
        ]

    async def _refuse_recorded(self, tx: AsyncConnection, session: Session) -> None:
        every = await chat_transcript.count_lines(tx, session.app_id, session.id)
        uploaded = await chat_transcript.count_lines(
            tx, session.app_id, session.id, id_prefix=ID_PREFIX
        )
        if every > uploaded:
            raise Malformed(
                f"Session {session.id} has a transcript that was recorded, of "
                f"{every - uploaded:,} lines; replace=true puts this one in its place",
                code="transcript_recorded",
            )

    async def _count_characters(
        self, tx: AsyncConnection, session: Session, lines: Sequence[TranscriptLine]
    ) -> None:
        where = (session.app_id, session.id)
        known = await chat_transcript.characters_of(tx, *where)
        replaced = await chat_transcript.characters_of_lines(tx, *where)
        # Edits count as well, so that a session can have more than its lines add up to.
        added = sum(len(each.text) for each in lines) - min(known, replaced)
        if self._most_characters and known + added > self._most_characters:
            raise TooLarge(
                f"A session has at most {self._most_characters:,} characters of chat and "
                "transcript.",
                code="talk_full",
            )
        await chat_transcript.add_characters(tx, {where: added})


def _match(
    session: Session,
    known: Sequence[Peer],
    transcript: UploadedTranscript,
    options: UploadOptions,
) -> list[_Matched]:
    speakers = Speakers(known)
    prefix = id_prefix_of(transcript.digest, options.offset_ms)
    found = []
    placed = place(transcript, session, offset_ms=options.offset_ms)
    for number, (line, start_at, end_at) in enumerate(placed):
        peer = speakers.find(line, start_at)
        id = f"{prefix}{number:06}"
        stored = line_of(session, line, peer, id=id, start_at=start_at, end_at=end_at)
        found.append(_Matched(stored, peer))
    return found


def _speakers_of(matched: Sequence[_Matched]) -> list[HeardSpeaker]:
    """The speakers in the order of their first lines."""
    counts = Counter(
        (each.line.display_name, None if each.peer is None else each.peer.participant_id)
        for each in matched
    )
    return [HeardSpeaker(name, participant, lines) for (name, participant), lines in counts.items()]
