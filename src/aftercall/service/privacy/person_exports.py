"""Export of everything known of a person: a job that reads one session after the other.

The file is written by `work.person_export`. It lies in the data folder until it expires, and is
handed out by a signed link.
"""

import asyncio
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from aftercall.core.address_removal import (
    digest_without_addresses,
    event_without_addresses,
    verdict_without_addresses,
)
from aftercall.core.erasure.others import Others
from aftercall.core.errors import NotFound, Refused
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import DAY_MS, Clock, EpochMs
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.overview.digest import Digest
from aftercall.core.privacy_records import ExportState, PersonExport
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.records import (
    ChatMessage,
    Job,
    Member,
    Participant,
    Peer,
    Session,
    StoredPeerEvent,
    TranscriptLine,
)
from aftercall.core.retention import DataKind
from aftercall.core.summary.layout import SummaryOptions
from aftercall.core.summary.summarise import summarise
from aftercall.service.audit import Act, Actor, record_act
from aftercall.service.erased_people import ErasedPeople, PersonIds
from aftercall.service.privacy.find_person import PersonMatch, find_person
from aftercall.service.reports.document import is_readable, unpack
from aftercall.service.reports.participant_fold import name_of
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import (
    apps,
    chat_transcript,
    jobs,
    meetings,
    participants,
    peer_events,
    peers,
    person_exports,
    reports,
)
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets
from aftercall.store.sessions import rows as session_rows

EXPORT_PERSON: Final = "export_person"
DELETE_EXPORT: Final = "delete_person_export"

KEPT_MS: Final = 7 * DAY_MS
"""How long the file of an export is kept."""

FOLDER: Final = "exports"
DOWNLOADS: Final = "/downloads/people"
_KEY_NAME: Final = "download_links"


class PersonSession(NamedTuple):
    """What one session knows of a person."""

    session: Session
    participants: Sequence[Participant]
    peers: Sequence[Peer]
    events: Sequence[StoredPeerEvent]
    reports: dict[str, Any]
    """The JSON of each participant's verdict, without others."""
    digests: dict[str, Digest]
    chat: Sequence[ChatMessage]
    transcript: Sequence[TranscriptLine]
    summary: str
    """Of what the person said."""


class PersonExports:
    """Exports people."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        data_dir: Path,
        erased_people: ErasedPeople,
        retention: RetentionRule,
    ) -> None:
        self._db = db
        self._retention = retention
        self._clock = clock
        self._new_id = new_id
        self._folder = data_dir / FOLDER
        self._erased_people = erased_people

    async def request(
        self, account_id: str, app_id: str, ids: PersonIds, actor: Actor
    ) -> PersonExport:
        """Begin to export a person. Raises `Malformed` without an id."""
        ids.check()
        now = self._clock()
        async with self._db.write() as tx:
            hashes = await self._erased_people.hashes(tx)
            export = PersonExport(
                app_id=app_id,
                id=self._new_id(),
                requested_at=now,
                requested_by=actor.id,
                hashes=hashes.of_request(app_id, ids),
            )
            await person_exports.save(tx, export)
            await jobs.add(tx, [_job(EXPORT_PERSON, export, now, now)])
            await record_act(tx, actor, Act.EXPORT_PERSON, account_id, app_id, export.id, now)
        return export

    async def find(self, app_id: str, export_id: str) -> PersonExport:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            found = await person_exports.find(tx, app_id, export_id)
        if found is None:
            raise NotFound.of("export", export_id)
        return found

    def path_of(self, app_id: str, export_id: str) -> Path:
        """Where the file of an export lies."""
        return self._folder / f"{id_from(app_id, 'person export', export_id)}.zip"

    async def sessions(self, app_id: str, export_id: str) -> AsyncIterator[PersonSession]:
        """What each session knows of the person, one after the other; the progress is noted."""
        async with self._db.write() as tx:
            export = await person_exports.find(tx, app_id, export_id)
            hashes = await self._erased_people.hashes(tx)
        if export is None:
            return
        match = PersonMatch(hashes, app_id, export.hashes)
        found = await find_person(self._db, app_id, match)
        every = sorted(found.session_ids)
        for number, session_id in enumerate(every, 1):
            known = await self._session(app_id, session_id, match)
            if known is not None:
                yield known
            async with self._db.write() as tx:
                await person_exports.change(
                    tx, app_id, export_id, sessions_done=number, sessions_found=len(every)
                )

    async def members(self, app_id: str, export_id: str) -> list[Member]:
        """The person's memberships of meetings."""
        async with self._db.write() as tx:
            export = await person_exports.find(tx, app_id, export_id)
            hashes = await self._erased_people.hashes(tx)
        if export is None:
            return []
        match = PersonMatch(hashes, app_id, export.hashes)
        found = await find_person(self._db, app_id, match)
        async with self._db.read() as tx:
            every = [await meetings.find_member(tx, app_id, *key) for key in found.members]
        return [member for member in every if member is not None]

    async def _session(
        self, app_id: str, session_id: str, match: PersonMatch
    ) -> PersonSession | None:
        async with self._db.read() as tx:
            session = await session_rows.find_session(tx, app_id, session_id)
            if session is None:
                return None
            kept = await self._retention.kept_of(app_id, session, tx)
            if DataKind.SESSIONS not in kept:
                return None
            every = by_participant(await peers.peers_of_session(tx, app_id, session_id))
            own = {
                id: each
                for id, each in every.items()
                if any(
                    match.matches(PersonIds(peer.custom_participant_id, peer.user_id))
                    for peer in each
                )
            }
            rows = await participants.participants_of_session(tx, app_id, session_id)
            own_peers = [peer for each in own.values() for peer in each]
            events = [
                event
                for peer in own_peers
                for event in await peer_events.events_of_peer(tx, app_id, peer.id)
            ]
            judged = own if DataKind.REPORTS in kept else ()
            documents = {id: await reports.find_report(tx, app_id, id) for id in judged}
            digests = {id: await facets.find_digest(tx, app_id, session_id, id) for id in judged}
            chat: list[ChatMessage] = []
            if DataKind.CHAT in kept:
                chat = await chat_transcript.messages_of_session(tx, app_id, session_id)
            lines: list[TranscriptLine] = []
            if DataKind.TRANSCRIPTS in kept:
                lines = await chat_transcript.lines_of_session(tx, app_id, session_id)
        has_addresses = DataKind.ADDRESSES in kept
        if not has_addresses:
            events = [event_without_addresses(event) for event in events]
        ids = {peer.id for peer in own_peers}
        others_peers = {peer.id: id for id, each in every.items() if id not in own for peer in each}
        others = Others(
            [row.id for row in rows if row.id not in own],
            others_peers,
            {id: name_of(each) for id, each in every.items()},
        )

        def is_own(said: ChatMessage | TranscriptLine) -> bool:
            if said.peer_id in ids:
                return True
            custom = said.custom_participant_id if isinstance(said, TranscriptLine) else None
            return said.peer_id not in others_peers and match.matches(
                PersonIds(custom, said.user_id)
            )

        own_lines = [line for line in lines if is_own(line)]
        return PersonSession(
            session=replace(session, title=others.in_text(session.title)),
            participants=[row for row in rows if row.id in own],
            peers=own_peers,
            events=[replace(event, data=others.in_data(event.data)) for event in events],
            reports={
                id: others.without(_verdict_in(report.document, has_addresses=has_addresses))
                for id, report in documents.items()
                if report is not None and is_readable(report.document)
            },
            digests={
                id: digest if has_addresses else digest_without_addresses(digest)
                for id, digest in digests.items()
                if digest is not None
            },
            chat=[message for message in chat if is_own(message)],
            transcript=own_lines,
            summary=await asyncio.to_thread(
                summarise, own_lines, SummaryOptions(), started_at=session.started_at
            ),
        )

    async def finish(self, app_id: str, export_id: str) -> bool:
        """Note that the file is whole, and have it deleted when it expires; `False` if the export
        is not wanted any more."""
        now = self._clock()
        expires_at = EpochMs(now + KEPT_MS)
        async with self._db.write() as tx:
            is_wanted = await person_exports.change(
                tx,
                app_id,
                export_id,
                state=ExportState.DONE.value,
                file_name=self.path_of(app_id, export_id).name,
                finished_at=now,
                expires_at=expires_at,
            )
            export = await person_exports.find(tx, app_id, export_id)
            if export is not None:
                await jobs.add(tx, [_job(DELETE_EXPORT, export, now, expires_at)])
        return is_wanted

    async def delete(self, app_id: str, export_id: str) -> None:
        """Delete an export and its file."""
        async with self._db.write() as tx:
            await person_exports.remove(tx, app_id, export_id)
            await jobs.drop(tx, id_from(app_id, DELETE_EXPORT, export_id))
        path = self.path_of(app_id, export_id)
        for each in (path, unfinished(path)):
            await asyncio.to_thread(each.unlink, missing_ok=True)

    async def delete_of_app(self, app_id: str) -> None:
        """Delete the exports of an app."""
        async with self._db.read() as tx:
            found = await person_exports.of_app(tx, app_id)
        for export_id in found:
            await self.delete(app_id, export_id)

    async def delete_of_person(self, app_id: str, hashes: Collection[str]) -> None:
        """Delete the exports of whoever has one of the hashes."""
        async with self._db.read() as tx:
            found = await person_exports.of_person(tx, app_id, hashes)
        for export in found:
            await self.delete(app_id, export.id)

    async def link(self, export: PersonExport) -> str | None:
        """The path of a signed link to the file, good until it expires; `None` while there is no
        file."""
        if export.state is not ExportState.DONE or export.expires_at is None:
            return None
        claims = f"{export.app_id}/{export.id}/{export.expires_at}"
        return f"{DOWNLOADS}/{claims}/{_signature(await self._key(), claims)}/person.zip"

    async def open_link(self, app_id: str, export_id: str, expires_at: str, signature: str) -> Path:
        """The file that a link grants. Raises `Refused` for a forged or expired link, `NotFound`
        if there is no such file any more."""
        claims = f"{app_id}/{export_id}/{expires_at}"
        right = _signature(await self._key(), claims).encode()
        if not hmac.compare_digest(right, signature.encode("utf-8", "replace")):
            raise Refused("This link is not one of ours", code="link_invalid")
        if self._clock() >= int(expires_at):
            raise Refused("This link has expired; ask for a new export", code="link_expired")
        path = self.path_of(app_id, export_id)
        await self.find(app_id, export_id)
        if not await asyncio.to_thread(path.exists):
            raise NotFound.of("export", export_id)
        return path

    async def _key(self) -> bytes:
        async with self._db.write() as tx:
            value = await apps.find_or_save_key(tx, _KEY_NAME, secrets.token_urlsafe(48))
        return value.encode()


def unfinished(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_suffix(".part")


def _signature(key: bytes, claims: str) -> str:
    digest = hmac.digest(key, f"person export {claims}".encode("utf-8", "replace"), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _job(task: str, export: PersonExport, now: EpochMs, due_at: EpochMs) -> Job:
    return Job(
        id=id_from(export.app_id, task, export.id),
        task=task,
        lane=f"{task}:{export.app_id}:{export.id}",
        payload={"app_id": export.app_id, "export_id": export.id},
        created_at=now,
        due_at=due_at,
    )


def _verdict_in(document: bytes, *, has_addresses: bool) -> Verdict:
    verdict = unpack(document).verdict
    return verdict if has_addresses else verdict_without_addresses(verdict)
