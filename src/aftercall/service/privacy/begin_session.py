"""Begins to erase a person from one session: the person's participants get a pseudonym, and what
they were called is noted until all else of the session has been erased."""

import asyncio
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.erasure.facts import addresses_in
from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.pseudonyms import is_pseudonym, pseudonym_of
from aftercall.core.records import (
    ChatMessage,
    Participant,
    Peer,
    Phase,
    Session,
    StoredPeerEvent,
    TranscriptLine,
)
from aftercall.service.erased_people import PersonIds
from aftercall.service.privacy.find_person import PersonMatch
from aftercall.service.recording.follow_ups import lane_of_session
from aftercall.service.reports.participant_fold import name_of
from aftercall.store import (
    chat_transcript,
    erasures,
    jobs,
    meetings,
    participants,
    peer_events,
    peers,
    person_rows,
    read_links,
    samples,
    transcriptions,
)
from aftercall.store.alerts import alerts
from aftercall.store.engine.database import Database
from aftercall.store.samples import PeerSamples
from aftercall.store.sessions import rows as session_rows

_NETWORK: Final = "network"
_TITLE: Final = "title"
"""Stands for a participant where a person is only named in the title."""


class Begun(Enum):
    """What became of a session."""

    DONE = auto()
    LIVE = auto()
    BUSY = auto()
    """It is being folded: try again."""
    GONE = auto()


class Talk(NamedTuple):
    messages: Sequence[ChatMessage]
    lines: Sequence[TranscriptLine]


class _Facts(NamedTuple):
    """What is known of a session's people."""

    session: Session
    participants: Sequence[Participant]
    peers: Sequence[Peer]
    talk: Talk


async def begin_session(
    db: Database, app_id: str, session_id: str, erasure_id: str, match: PersonMatch
) -> Begun:
    """Put the person's participants of an ended session under a pseudonym."""
    async with db.read() as tx:
        found = await _read(tx, app_id, session_id)
        if found is None:
            return Begun.GONE
        if found.session.phase is not Phase.ENDED:
            return Begun.LIVE
        own = _own_peers(found, match)
        stored = [await samples.read_peer(tx, app_id, peer.id) for peer in own]
        events = [await peer_events.events_of_peer(tx, app_id, peer.id) for peer in own]
    addresses = await asyncio.to_thread(_addresses, stored, events)
    async with db.write() as tx:
        session = await session_rows.lock_session(tx, app_id, session_id)
        if session is None:
            return Begun.GONE
        if session.phase is not Phase.ENDED:
            return Begun.LIVE
        lane = lane_of_session(app_id, session_id)
        if session != found.session or not await jobs.is_lane_free(tx, lane):
            return Begun.BUSY
        known = _known_as(found, own, match, addresses)
        await erasures.begin_session(tx, app_id, session_id, erasure_id, known)
        await person_rows.put_under_pseudonym(
            tx,
            app_id,
            session_id,
            participant_ids=list(known.participants),
            peer_ids=known.peer_ids,
            pseudonym=known.pseudonym,
        )
        await _erase_title(tx, session, erasure_id, known)
        await read_links.delete_of_sessions(tx, app_id, [session_id])
        await alerts.delete_of_sessions(tx, app_id, [session_id])
        # Audio is not searched for a person: all of a session's goes.
        await transcriptions.drop_of_sessions(tx, app_id, [session_id])
        counted = {"sessions": 1, "participants": len(known.participants), "peers": len(own)}
        await erasures.add_counts(tx, app_id, erasure_id, counted)
    return Begun.DONE


async def _read(tx: AsyncConnection, app_id: str, session_id: str) -> _Facts | None:
    session = await session_rows.find_session(tx, app_id, session_id)
    if session is None:
        return None
    return _Facts(
        session=session,
        participants=await participants.participants_of_session(tx, app_id, session_id),
        peers=await peers.peers_of_session(tx, app_id, session_id),
        talk=Talk(
            await chat_transcript.messages_of_session(tx, app_id, session_id),
            await chat_transcript.lines_of_session(tx, app_id, session_id),
        ),
    )


def _own_peers(found: _Facts, match: PersonMatch) -> list[Peer]:
    """All peers of the participants of whom any peer is the person's."""
    own = {
        peer.participant_id
        for peer in found.peers
        if match.matches(PersonIds(peer.custom_participant_id, peer.user_id))
    }
    return [peer for peer in found.peers if peer.participant_id in own]


def _known_as(
    found: _Facts, own: Sequence[Peer], match: PersonMatch, addresses: set[str]
) -> KnownAs:
    session = found.session
    of_participant = by_participant(own)
    rows = [row for row in found.participants if row.id in of_participant]
    first = rows[0].id if rows else _TITLE
    talk: list[ChatMessage | TranscriptLine] = [*found.talk.messages, *found.talk.lines]
    others = {peer.id for peer in found.peers} - {peer.id for peer in own}
    said = [
        each
        for each in talk
        if each.peer_id not in others
        and match.matches(PersonIds(getattr(each, "custom_participant_id", None), each.user_id))
    ]
    named: list[Any] = [*own, *rows]
    ids = [
        id
        for each in named
        for id in (each.custom_participant_id, each.user_id, each.picture)
        if id and not is_pseudonym(id)
    ]
    ids += [id for each in said if (id := each.user_id) and not is_pseudonym(id)]
    named += said
    names = [each.display_name for each in named if each.display_name]
    return KnownAs(
        pseudonym=pseudonym_of(session.app_id, session.id, first),
        names=list(dict.fromkeys(names)),
        ids=list(dict.fromkeys(ids)),
        addresses=sorted(addresses),
        participants={id: name_of(each) for id, each in of_participant.items()},
        peer_ids=[peer.id for peer in own],
    )


def _addresses(
    stored: Sequence[PeerSamples], events: Sequence[Sequence[StoredPeerEvent]]
) -> set[str]:
    """The addresses that the person's own reports and descriptions hold."""
    found: set[str] = set()
    for each in stored:
        for sample in each.decode():
            found |= addresses_in(sample.body)
    for event in (event for each in events for event in each):
        network = event.data.get(_NETWORK)
        ip = network.get("ip") if isinstance(network, dict) else None
        if isinstance(ip, str) and ip:
            found.add(ip)
    return found


async def _erase_title(
    tx: AsyncConnection, session: Session, erasure_id: str, known: KnownAs
) -> None:
    """Erase the person from the title and the settings of the session's meeting. Its other sessions
    of that title are erased like this one."""
    app_id, mentions = session.app_id, PersonMentions(known)
    meeting = await meetings.lock_meeting(tx, app_id, session.meeting_id)
    if meeting is not None:
        changed = replace(
            meeting,
            title=mentions.replace(meeting.title),
            settings=mentions.replace_in(meeting.settings),
        )
        if changed != meeting:
            await meetings.save_meeting(tx, changed)
    if not mentions.occurs_in(session.title):
        return
    for other in await person_rows.sessions_of_meeting_titled(
        tx, app_id, session.meeting_id, session.title
    ):
        if other != session.id:
            alone = KnownAs(
                pseudonym=pseudonym_of(app_id, other, _TITLE), names=known.names, ids=known.ids
            )
            await erasures.begin_session(tx, app_id, other, erasure_id, alone, is_new=True)
