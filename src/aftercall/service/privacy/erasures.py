"""Erasure of a person across the sessions of an app, as a job that goes on where it was killed.

From the request on, the person is refused at every arrival. Sessions that have ended are erased one
after the other; those that go on are waited for. The job looks through the app again until it
finds nothing of the person.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Final

import structlog
from msgspec.structs import replace

from aftercall.core.errors import NotFound
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.privacy_records import Erasure, ErasureState
from aftercall.core.records import Job
from aftercall.service.audit import Act, Actor, record_act
from aftercall.service.erased_people import KEY_NAME, ErasedPeople, PersonIds
from aftercall.service.privacy.begin_session import Begun, begin_session
from aftercall.service.privacy.erase_session import SessionErasure
from aftercall.service.privacy.find_person import (
    FoundPerson,
    PersonMatch,
    find_person,
    live_sessions_of,
)
from aftercall.service.privacy.mentions_elsewhere import (
    FoundMentions,
    begin_mentions,
    find_mentions,
)
from aftercall.service.privacy.person_exports import PersonExports
from aftercall.service.privacy.receipts import ReceiptFile
from aftercall.service.privacy.removals import remove_all_waiting, remove_noted_rows
from aftercall.service.reports.session_reports import SessionReports
from aftercall.service.reports.summaries import Summaries
from aftercall.store import apps, erasures, jobs, people, person_rows
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

ERASE_PERSON: Final = "erase_person"

LOOK_AGAIN_MS: Final = 5 * SECOND_MS
"""How often an erasure looks whether a call has ended."""

TRY_AGAIN_MS: Final = 2 * SECOND_MS
"""How long an erasure leaves a session that is being folded."""

BEGUN_AT_ONCE: Final = 100

TOUCHED: Final = (
    "participants",
    "peers",
    "notes",
    "egresses",
    "samples",
    "segments",
    "reports",
    "chat_messages",
    "transcript_lines",
    "summaries",
    "peer_verdicts",
    "session_verdicts",
    "session_postings",
    "facet_tallies",
    "quarter_tallies",
    "session_quarters",
    "people",
    "people_terms",
    "members",
    "meetings",
    "sessions",
    "early_facts",
    "jobs",
    "erasure_sessions",
)
"""The tables of which an erasure deletes or rewrites rows."""

log = structlog.get_logger(__name__)


class Erasures:
    """Erases people, and keeps the receipts."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        data_dir: Path,
        erased_people: ErasedPeople,
        session_reports: SessionReports,
        summaries: Summaries,
        exports: PersonExports,
    ) -> None:
        self._exports = exports
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._file = ReceiptFile(data_dir)
        self._erased_people = erased_people
        self._session_reports = session_reports
        self._summaries = summaries

    async def request(
        self,
        account_id: str,
        app_id: str,
        ids: PersonIds,
        actor: Actor,
        *,
        with_mentions: bool = False,
    ) -> Erasure:
        """Begin to erase a person; returns the receipt. `with_mentions`: also where others mention
        the person's names in sessions in which the person did not take part. Raises `Malformed`
        without an id."""
        ids.check()
        now = self._clock()
        async with self._db.write() as tx:
            hashes = await self._erased_people.hashes(tx)
            erasure = Erasure(
                app_id=app_id,
                id=self._new_id(),
                requested_at=now,
                requested_by=actor.id,
                hashes=hashes.of_request(app_id, ids),
                with_mentions=with_mentions,
            )
            await erasures.save(tx, erasure)
            await jobs.add(tx, [job_of(erasure, now)])
            await record_act(tx, actor, Act.ERASE_PERSON, account_id, app_id, erasure.id, now)
        await asyncio.to_thread(self._file.append, hashes.key, erasure)
        return erasure

    async def count_mentions(self, app_id: str, ids: PersonIds) -> FoundMentions:
        """What `request` with `with_mentions` would erase beside the person's own sessions. Raises
        `Malformed` without an id."""
        ids.check()
        async with self._db.write() as tx:
            hashes = await self._erased_people.hashes(tx)
        match = PersonMatch(hashes, app_id, hashes.of_request(app_id, ids))
        return await find_mentions(self._db, app_id, match)

    async def find(self, app_id: str, erasure_id: str) -> Erasure:
        """A receipt. Raises `NotFound`."""
        async with self._db.read() as tx:
            found = await erasures.find(tx, app_id, erasure_id)
        if found is None:
            raise NotFound.of("erasure", erasure_id)
        return found

    async def list_receipts(
        self, app_id: str, *, before: tuple[EpochMs, str] | None = None, limit: int
    ) -> list[Erasure]:
        """The receipts of an app, the latest first."""
        async with self._db.read() as tx:
            return await erasures.list_of_app(tx, app_id, before=before, limit=limit)

    async def carry_out(self, app_id: str, erasure_id: str) -> None:
        """Erase what can be erased. If that is not all, another job goes on later."""
        async with self._db.write() as tx:
            erasure = await erasures.find(tx, app_id, erasure_id)
            hashes = await self._erased_people.hashes(tx)
        if erasure is None or erasure.state is ErasureState.DONE:
            return
        match = PersonMatch(hashes, app_id, erasure.hashes)
        await self._exports.delete_of_person(app_id, erasure.hashes)
        live = await live_sessions_of(self._db, app_id, match)
        if erasure.state is ErasureState.WAITING and len(live) == erasure.live_sessions:
            await self._go_on_later(erasure, LOOK_AGAIN_MS)
            return
        await remove_noted_rows(self._db)
        await remove_all_waiting(self._db, app_id)
        if erasure.with_mentions and not erasure.mentions_found:
            erasure = await self._begin_mentions(erasure, match)
        is_busy, has_looked = True, False
        while True:
            await self._erase_begun(erasure)
            found = await find_person(self._db, app_id, match, by_ids=has_looked)
            has_looked = True
            erasure = await self._recognise(erasure, match)
            begun = [
                await begin_session(self._db, app_id, session_id, erasure.id, match)
                for session_id in sorted(found.session_ids - live)
            ]
            if Begun.DONE not in begun:
                is_busy = Begun.BUSY in begun or Begun.LIVE in begun
                break
        live = await live_sessions_of(self._db, app_id, match)
        async with self._db.read() as tx:
            # Rows of deleted sessions are read by nobody; still they have to be gone.
            is_busy = is_busy or await person_rows.has_removals(tx, app_id)
        await self._erase_people(erasure, found, live)
        if is_busy:
            await self._go_on_later(erasure, TRY_AGAIN_MS)
        elif live:
            waiting = replace(erasure, state=ErasureState.WAITING, live_sessions=len(live))
            await self._go_on_later(waiting, LOOK_AGAIN_MS)
        elif not await self._db.forget_deleted(TOUCHED):
            await self._go_on_later(erasure, TRY_AGAIN_MS)
        else:
            await self._finish(erasure, hashes.key)

    async def _begin_mentions(self, erasure: Erasure, match: PersonMatch) -> Erasure:
        """Look for mentions elsewhere while the person's names are still known."""
        found = await find_mentions(self._db, erasure.app_id, match)
        await begin_mentions(self._db, erasure.app_id, erasure.id, found)
        async with self._db.write() as tx:
            current = await erasures.lock(tx, erasure.app_id, erasure.id) or erasure
            changed = replace(current, mentions_found=True)
            await erasures.save(tx, changed)
        return changed

    async def _erase_begun(self, erasure: Erasure) -> None:
        """Erase the sessions that have been begun, also by a process that was killed."""
        while True:
            async with self._db.read() as tx:
                begun = await erasures.find_begun(tx, erasure.app_id, erasure.id, BEGUN_AT_ONCE)
            for session_id, known in begun:
                await SessionErasure(
                    self._db,
                    session_reports=self._session_reports,
                    summaries=self._summaries,
                    app_id=erasure.app_id,
                    session_id=session_id,
                    erasure_id=erasure.id,
                    known=known,
                    now=self._clock(),
                ).run()
            if not begun:
                return

    async def _recognise(self, erasure: Erasure, match: PersonMatch) -> Erasure:
        """Keep the hashes of user ids that were found beside the custom participant id."""
        async with self._db.write() as tx:
            current = await erasures.lock(tx, erasure.app_id, erasure.id) or erasure
            if set(current.hashes) != match.of_person:
                current = replace(current, hashes=sorted(match.of_person))
                await erasures.save(tx, current)
        return current

    async def _erase_people(
        self, erasure: Erasure, found: FoundPerson, live: Collection[str]
    ) -> None:
        """The person's rows that belong to no session. A member stays while its call goes on."""
        app_id = erasure.app_id
        async with self._db.read() as tx:
            going_on = await session_rows.find_sessions(tx, app_id, list(live))
        meetings_live = {session.meeting_id for session in going_on.values()}
        for meeting_id, member_id in found.members:
            if meeting_id not in meetings_live:
                async with self._db.write() as tx:
                    await person_rows.delete_member(tx, app_id, meeting_id, member_id)
                    await erasures.add_counts(tx, app_id, erasure.id, {"members": 1})
        for person in found.people:
            async with self._db.write() as tx:
                known = await people.find_person(tx, app_id, person)
                names = [] if known is None else [known.name]
                ids = [] if known is None else [known.custom_participant_id, known.user_id]
                await people.forget_people(tx, app_id, {person: people.terms_of(names, ids)})

    async def _go_on_later(self, erasure: Erasure, after_ms: int) -> None:
        now = self._clock()
        async with self._db.write() as tx:
            current = await erasures.lock(tx, erasure.app_id, erasure.id)
            if current is None:
                return
            changed = replace(current, state=erasure.state, live_sessions=erasure.live_sessions)
            if changed != current:
                await erasures.save(tx, changed)
            await jobs.add(tx, [job_of(erasure, now, due_at=EpochMs(now + after_ms))])

    async def _finish(self, erasure: Erasure, key: str) -> None:
        async with self._db.write() as tx:
            current = await erasures.lock(tx, erasure.app_id, erasure.id) or erasure
            done = replace(
                current, state=ErasureState.DONE, live_sessions=0, finished_at=self._clock()
            )
            await erasures.save(tx, done)
            if done.readmitted_at is not None:
                await erasures.forget_readmitted(tx, done.app_id)
        await asyncio.to_thread(self._file.append, key, done)
        log.info(
            "person erased", action="person_erased", app_id=erasure.app_id, erasure_id=erasure.id
        )

    async def apply_receipts(self) -> list[Erasure]:
        """Carry the receipts of the file out again: the database may be an older one. Returns those
        of its apps; jobs do the work."""
        lines = await asyncio.to_thread(self._file.read)
        now = self._clock()
        applied: list[Erasure] = []
        for line in lines:
            receipt = replace(
                line.receipt,
                state=ErasureState.RUNNING,
                finished_at=None,
                live_sessions=0,
                mentions_found=False,
            )
            async with self._db.write() as tx:
                if await apps.find_app(tx, receipt.app_id) is None:
                    continue
                known = await erasures.find(tx, receipt.app_id, receipt.id)
                if known is not None and known.readmitted_at == receipt.readmitted_at is not None:
                    # The database has what was recorded since, with consent.
                    continue
                await apps.replace_key(tx, KEY_NAME, line.key)
                await erasures.save(tx, receipt)
                await jobs.add(tx, [job_of(receipt, now)])
            applied.append(receipt)
        self._erased_people.forget_key()
        return applied


def job_of(erasure: Erasure, now: EpochMs, *, due_at: EpochMs | None = None) -> Job:
    """The job that carries an erasure on."""
    due = now if due_at is None else due_at
    return Job(
        id=id_from(erasure.app_id, ERASE_PERSON, erasure.id, str(due)),
        task=ERASE_PERSON,
        lane=f"erasure:{erasure.app_id}:{erasure.id}",
        payload={"app_id": erasure.app_id, "erasure_id": erasure.id},
        created_at=now,
        due_at=due,
    )
