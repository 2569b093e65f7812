"""Meetings, their members, and what an operator does to a live session."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.events import AnyEvent, PeerKicked, SessionClosed
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import Clock
from aftercall.core.list_queries import MeetingQuery, Page
from aftercall.core.presets import preset_of_name
from aftercall.core.records import Meeting, MeetingStatus, Member, Participant, Peer, Session
from aftercall.service.erased_people import ErasedPeople, PersonIds
from aftercall.service.recording.recorder import Recorder
from aftercall.store import meetings, participants, peers, presets
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

SOURCE: Final = "rest"
"""The source of events that come from an operator's request."""


class Meetings:
    """The use cases of meetings and members."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        recorder: Recorder,
        erased_people: ErasedPeople,
    ) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._recorder = recorder
        self._erased_people = erased_people

    async def create_meeting(
        self, app_id: str, *, title: str, keep_alive_s: int, settings: dict[str, Any]
    ) -> Meeting:
        now = self._clock()
        meeting = Meeting(
            app_id=app_id,
            id=self._new_id(),
            title=title,
            status=MeetingStatus.ACTIVE,
            keep_alive_s=keep_alive_s,
            settings=settings,
            created_at=now,
            updated_at=now,
        )
        async with self._db.write() as tx:
            await meetings.save_meeting(tx, meeting)
        return meeting

    async def list_meetings(self, query: MeetingQuery) -> Page[Meeting]:
        async with self._db.read() as tx:
            return await meetings.list_meetings(tx, query)

    async def find_meeting(self, app_id: str, meeting_id: str) -> Meeting:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            return await _meeting(tx, app_id, meeting_id)

    async def change_meeting(
        self, app_id: str, meeting_id: str, *, settings: dict[str, Any], **changes: Any
    ) -> Meeting:
        """The meeting with `changes` of its fields, and with `settings` merged into its own.

        Raises `NotFound`.
        """
        async with self._db.write() as tx:
            meeting = await _meeting_to_change(tx, app_id, meeting_id)
            changes["settings"] = meeting.settings | settings
            return await self._save(tx, meeting, changes)

    async def replace_meeting(
        self,
        app_id: str,
        meeting_id: str,
        *,
        title: str,
        keep_alive_s: int,
        settings: dict[str, Any],
    ) -> Meeting:
        """Replace all of a meeting but its status.

        Raises `NotFound`.
        """
        async with self._db.write() as tx:
            meeting = await _meeting_to_change(tx, app_id, meeting_id)
            members = {"title": title, "keep_alive_s": keep_alive_s, "settings": settings}
            return await self._save(tx, meeting, members)

    async def _save(
        self, tx: AsyncConnection, meeting: Meeting, changes: dict[str, Any]
    ) -> Meeting:
        meeting = msgspec.structs.replace(meeting, updated_at=self._clock(), **changes)
        await meetings.save_meeting(tx, meeting)
        return meeting

    async def add_member(
        self,
        app_id: str,
        meeting_id: str,
        *,
        name: str,
        picture: str | None,
        custom_participant_id: str,
        preset_name: str,
    ) -> Member:
        """Raises `NotFound` for an unknown meeting, and `Refused` for a person who was erased."""
        now = self._clock()
        member = Member(
            app_id=app_id,
            meeting_id=meeting_id,
            id=self._new_id(),
            name=name,
            picture=picture,
            custom_participant_id=custom_participant_id,
            preset_name=preset_name,
            created_at=now,
            updated_at=now,
        )
        async with self._db.write() as tx:
            await _meeting(tx, app_id, meeting_id)
            await self._erased_people.refuse(tx, app_id, PersonIds(custom_participant_id))
            await _save_member(tx, member)
        return member

    async def list_members(
        self, app_id: str, meeting_id: str, *, offset: int, limit: int
    ) -> Page[Member]:
        """Raises `NotFound` for an unknown meeting."""
        async with self._db.read() as tx:
            await _meeting(tx, app_id, meeting_id)
            return await meetings.list_members(tx, app_id, meeting_id, offset=offset, limit=limit)

    async def find_member(self, app_id: str, meeting_id: str, member_id: str) -> Member:
        """Raises `NotFound`, also for a removed member."""
        async with self._db.read() as tx:
            return await _member(tx, app_id, meeting_id, member_id)

    async def change_member(
        self, app_id: str, meeting_id: str, member_id: str, **changes: Any
    ) -> Member:
        """The member with `changes` of its fields. Raises `NotFound`, and `Refused` for a person
        who was erased."""
        async with self._db.write() as tx:
            member = await _member_to_change(tx, app_id, meeting_id, member_id)
            member = msgspec.structs.replace(member, updated_at=self._clock(), **changes)
            ids = PersonIds(member.custom_participant_id, member.id)
            await self._erased_people.refuse(tx, app_id, ids)
            await _save_member(tx, member)
        return member

    async def remove_member(self, app_id: str, meeting_id: str, member_id: str) -> Member:
        """Revokes the member's tokens and removes its present peers. Raises `NotFound`."""
        now = self._clock()
        async with self._db.write() as tx:
            member = await _member_to_change(tx, app_id, meeting_id, member_id)
            member = msgspec.structs.replace(
                member,
                token_generation=member.token_generation + 1,
                removed_at=now,
                updated_at=now,
            )
            await meetings.save_member(tx, member)
            session = await session_rows.find_current_session(tx, app_id, meeting_id)
            present = await _present(tx, session) if session else []
        if session:
            await self._kick(session, [p for p in present if p.user_id == member_id])
        return member

    async def find_active_session(self, app_id: str, meeting_id: str) -> Session:
        """The meeting's live session. Raises `NotFound` if there is none."""
        async with self._db.read() as tx:
            await _meeting(tx, app_id, meeting_id)
            return await _active(tx, app_id, meeting_id)

    async def kick(
        self,
        app_id: str,
        meeting_id: str,
        *,
        ids: Sequence[str],
        custom_participant_ids: Sequence[str],
    ) -> list[Participant]:
        """Removes the present peers that have one of the ids (of a member, participant or peer) or
        custom ids from the live session. Raises `NotFound` without a session."""
        async with self._db.read() as tx:
            await _meeting(tx, app_id, meeting_id)
            session = await _active(tx, app_id, meeting_id)
            present = await _present(tx, session)
            rows = await participants.participants_of_session(tx, app_id, session.id)
        own_ids, custom_ids = set(ids), set(custom_participant_ids)
        named = [
            peer
            for peer in present
            if own_ids & {peer.user_id, peer.participant_id, peer.id}
            or peer.custom_participant_id in custom_ids
        ]
        await self._kick(session, named)
        touched = {peer.participant_id for peer in named}
        return [row for row in rows if row.id in touched]

    async def kick_all(self, app_id: str, meeting_id: str) -> int:
        """Ends the live session; returns the number of participants removed.

        Raises `NotFound` without a session.
        """
        async with self._db.read() as tx:
            await _meeting(tx, app_id, meeting_id)
            session = await _active(tx, app_id, meeting_id)
            present = await _present(tx, session)
        now = self._clock()
        closed = SessionClosed(
            id=id_from(app_id, SOURCE, "closed", session.id),
            at=now,
            meeting_id=meeting_id,
            session_id=session.id,
        )
        await self._recorder.record(app_id, [*self._kicks(session, present), closed], source=SOURCE)
        return len({peer.participant_id for peer in present})

    async def _kick(self, session: Session, present: Sequence[Peer]) -> None:
        if present:
            await self._recorder.record(
                session.app_id, self._kicks(session, present), source=SOURCE
            )

    def _kicks(self, session: Session, present: Sequence[Peer]) -> list[AnyEvent]:
        now = self._clock()
        return [
            PeerKicked(
                id=id_from(session.app_id, SOURCE, "kicked", peer.id),
                at=now,
                meeting_id=session.meeting_id,
                session_id=session.id,
                peer_id=peer.id,
            )
            for peer in present
        ]


async def _save_member(tx: AsyncConnection, member: Member) -> None:
    """The preset of every participant is one of the app's: of a new name there is one from then."""
    name = preset_of_name(member.app_id, member.preset_name, now=member.updated_at)
    await presets.add_preset(tx, name)
    await meetings.save_member(tx, member)


async def _meeting(tx: AsyncConnection, app_id: str, meeting_id: str) -> Meeting:
    return _existing(await meetings.find_meeting(tx, app_id, meeting_id), meeting_id)


async def _meeting_to_change(tx: AsyncConnection, app_id: str, meeting_id: str) -> Meeting:
    return _existing(await meetings.lock_meeting(tx, app_id, meeting_id), meeting_id)


def _existing(meeting: Meeting | None, meeting_id: str) -> Meeting:
    if meeting is None:
        raise NotFound.of("meeting", meeting_id)
    return meeting


async def _member(tx: AsyncConnection, app_id: str, meeting_id: str, member_id: str) -> Member:
    await _meeting(tx, app_id, meeting_id)
    return _admitted(await meetings.find_member(tx, app_id, meeting_id, member_id), member_id)


async def _member_to_change(
    tx: AsyncConnection, app_id: str, meeting_id: str, member_id: str
) -> Member:
    await _meeting(tx, app_id, meeting_id)
    return _admitted(await meetings.lock_member(tx, app_id, meeting_id, member_id), member_id)


def _admitted(member: Member | None, member_id: str) -> Member:
    if member is None or member.removed_at is not None:
        raise NotFound.of("participant", member_id)
    return member


async def _active(tx: AsyncConnection, app_id: str, meeting_id: str) -> Session:
    session = await session_rows.find_current_session(tx, app_id, meeting_id)
    if session is None:
        raise NotFound(
            f"No active session found for meeting_id {meeting_id}", code="no_active_session"
        )
    return session


async def _present(tx: AsyncConnection, session: Session) -> list[Peer]:
    everyone = await peers.peers_of_session(tx, session.app_id, session.id)
    return [peer for peer in everyone if peer.left_at is None]
