"""Erases a person from one session, step by step, once its participants have a pseudonym.

Every step can be repeated, and commits a small part at a time with the numbers of the receipt, so
that it goes on where it was killed and holds no lock for long.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, TypeVar

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.erasure.egresses import erase_egress
from aftercall.core.erasure.facts import (
    erase_event,
    erase_other_event,
    erase_other_sample,
    erase_own_sample,
)
from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.records import ChatMessage, Peer, Session, StoredPeerEvent, TranscriptLine
from aftercall.service.privacy.erase_reports import erase_reports
from aftercall.service.privacy.erase_verdicts import erase_verdicts
from aftercall.service.reports.participant_fold import name_of
from aftercall.service.reports.session_reports import SessionReports
from aftercall.service.reports.summaries import Summaries
from aftercall.store import (
    chat_transcript,
    egresses,
    erasures,
    peer_events,
    peers,
    person_rows,
    samples,
    segments,
    webhook_deliveries,
)
from aftercall.store.engine.database import Database
from aftercall.store.samples import PeerSamples
from aftercall.store.segments import MergedSegment
from aftercall.store.sessions import rows as session_rows

BATCH: Final = 100
"""Rows of chat, transcript or events that are written in one transaction."""

SHORTEST_TEXT: Final = 3
"""Characters of a name for which held facts are searched."""

T = TypeVar("T")


class SessionErasure:
    """Erases one person from one session."""

    def __init__(
        self,
        db: Database,
        *,
        session_reports: SessionReports,
        summaries: Summaries,
        app_id: str,
        session_id: str,
        erasure_id: str,
        known: KnownAs,
        now: EpochMs,
    ) -> None:
        self._db = db
        self._session_reports = session_reports
        self._summaries = summaries
        self._app_id = app_id
        self._session_id = session_id
        self._erasure_id = erasure_id
        self._known = known
        self._now = now
        self._others: set[str] = set()
        """The other participants' peers."""

    async def run(self) -> None:
        """Take every step; the session is done when this returns."""
        async with self._db.read() as tx:
            every = await peers.peers_of_session(tx, self._app_id, self._session_id)
        names = {
            id: name_of(each)
            for id, each in by_participant(every).items()
            if id not in self._known.participants
        }
        mentions = PersonMentions(self._known, names.values())
        self._others = {peer.id for peer in every} - set(self._known.peer_ids)
        await self._erase_talk(mentions)
        await self._erase_events(every, mentions)
        await self._erase_egresses(mentions)
        await self._erase_samples(every)
        where = (self._app_id, self._session_id)
        reports = await erase_reports(self._db, *where, self._session_reports, self._known, names)
        await self._count(reports=reports)
        await erase_verdicts(self._db, *where, self._known, names)
        await self._erase_held()
        async with self._db.write() as tx:
            await erasures.end_session(tx, *where, self._erasure_id)

    async def _erase_talk(self, mentions: PersonMentions) -> None:
        where = (self._app_id, self._session_id)
        async with self._db.read() as tx:
            messages = await chat_transcript.messages_of_session(tx, *where)
            lines = await chat_transcript.lines_of_session(tx, *where)
            summary = await chat_transcript.find_summary(tx, *where)
        own_messages = [each.id for each in messages if self._is_own(each)]
        own_lines = [each.id for each in lines if self._is_own(each)]
        other_messages = [
            replace(each, payload=text)
            for each in messages
            if not self._is_own(each) and (text := mentions.replace(each.payload)) != each.payload
        ]
        other_lines = [
            replace(each, text=text)
            for each in lines
            if not self._is_own(each) and (text := mentions.replace(each.text)) != each.text
        ]
        is_summarised = (
            own_lines
            or other_lines
            or (summary is not None and mentions.occurs_in(summary.text or ""))
        )
        if summary is not None and is_summarised:
            # Before the lines go, so that a repeat still finds that it must be made again.
            await self._summaries.drop_text(*where)
        async for tx, ids in self._batches(own_messages):
            await chat_transcript.delete_messages(tx, *where, ids)
            await self._add(tx, messages=len(ids))
        async for tx, ids in self._batches(own_lines):
            await chat_transcript.delete_lines(tx, *where, ids)
            await self._add(tx, transcript_lines=len(ids))
        async for tx, changed in self._batches(other_messages):
            await chat_transcript.replace_messages(tx, changed)
            await self._add(tx, mentions=len(changed))
        async for tx, spoken in self._batches(other_lines):
            await chat_transcript.replace_lines(tx, spoken)
            await self._add(tx, mentions=len(spoken))
        if await self._summaries.renew_dropped(*where):
            await self._count(summaries=1)

    def _is_own(self, said: ChatMessage | TranscriptLine) -> bool:
        known = self._known
        if said.peer_id in known.peer_ids:
            return True
        if said.peer_id in self._others:
            return False
        custom = said.custom_participant_id if isinstance(said, TranscriptLine) else None
        if said.user_id in known.ids or (custom is not None and custom in known.ids):
            return True
        if known.whole_names_only:
            # Somebody of the same name; the person did not take part.
            return False
        is_anonymous = said.peer_id is None and said.user_id is None and custom is None
        return is_anonymous and said.display_name in known.names

    async def _erase_events(self, every: Sequence[Peer], mentions: PersonMentions) -> None:
        """The events of the person's peers, and mentions in those of others."""
        own = set(self._known.peer_ids)
        for peer in every:
            async with self._db.read() as tx:
                found = await peer_events.events_of_peer(tx, self._app_id, peer.id)
            changed = [
                replace(event, data=data)
                for event in found
                if (data := self._data_of(event, mentions, peer.id in own)) != event.data
            ]
            async for tx, events in self._batches(changed):
                await peer_events.replace_events(tx, events)
                await self._add(tx, events=len(events))

    async def _erase_egresses(self, mentions: PersonMentions) -> None:
        """Where recordings and livestreams are, and mentions in their names."""
        async with self._db.read() as tx:
            found = await egresses.egresses_of_sessions(tx, self._app_id, [self._session_id])
        changed = [
            erased
            for egress in found
            if (erased := erase_egress(egress, mentions, self._now)) is not egress
        ]
        async for tx, some in self._batches(changed):
            await egresses.replace_egresses(tx, some)
            await self._add(tx, egresses=len(some))

    def _data_of(
        self, event: StoredPeerEvent, mentions: PersonMentions, is_own: bool
    ) -> Mapping[str, object]:
        if is_own:
            return erase_event(event.name, event.data, self._known.pseudonym)
        return erase_other_event(event.data, mentions)

    async def _erase_samples(self, every: Sequence[Peer]) -> None:
        """The addresses in the reports of the person's peers, and the person's in those of
        others."""
        own = set(self._known.peer_ids)
        for peer in every:
            erase = erase_own_sample if peer.id in own else erase_other_sample
            while True:
                async with self._db.read() as tx:
                    session = await session_rows.find_session(tx, self._app_id, self._session_id)
                    stored = await samples.read_peer(tx, self._app_id, peer.id)
                if session is None or (peer.id not in own and not self._may_be_in(stored)):
                    break
                made = await asyncio.to_thread(_without, stored, session, erase, self._known)
                if made is None:
                    break
                async with self._db.write() as tx:
                    if not await segments.save(tx, made):
                        continue
                    await self._add(tx, samples=made.samples)
                break

    def _may_be_in(self, stored: PeerSamples) -> bool:
        texts = [text.encode() for text in (*self._known.addresses, *self._known.ids)]
        return bool(texts) and stored.has_any(texts)

    async def _erase_held(self) -> None:
        """Facts that wait for an arrival, errors of jobs, and what the receivers of webhooks
        answered, in which the person may be named."""
        async with self._db.write() as tx:
            await webhook_deliveries.forget_answers(tx, self._app_id, self._session_id)
        known = self._known
        texts = [text for text in (*known.names, *known.ids) if len(text) >= SHORTEST_TEXT]
        if texts:
            async with self._db.write() as tx:
                gone = await person_rows.delete_early_facts_about(tx, self._app_id, texts)
                await person_rows.drop_job_errors_about(tx, texts)
                await self._add(tx, early_facts=gone)

    async def _batches(
        self, rows: Sequence[T]
    ) -> AsyncIterator[tuple[AsyncConnection, Sequence[T]]]:
        """The rows in parts, each with a transaction of its own."""
        for start in range(0, len(rows), BATCH):
            async with self._db.write() as tx:
                yield tx, rows[start : start + BATCH]

    async def _add(self, tx: AsyncConnection, **counts: int) -> None:
        await erasures.add_counts(tx, self._app_id, self._erasure_id, counts)

    async def _count(self, **counts: int) -> None:
        async with self._db.write() as tx:
            await self._add(tx, **counts)


def _without(
    stored: PeerSamples, session: Session, erase: Callable[[bytes, KnownAs], bytes], known: KnownAs
) -> MergedSegment | None:
    """The samples with each body erased; `None` if nothing changes."""
    found = stored.decode()
    erased = [replace(each, body=erase(each.body, known)) for each in found]
    if all(new.body is old.body for new, old in zip(erased, found, strict=True)):
        return None
    return segments.rewritten(stored, erased, session.id, session.recorded_day)
