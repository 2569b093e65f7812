"""Events that change no session: samples, peer events, chat, transcript lines and heartbeats.

They are collected over a transaction and appended with one statement for each kind.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.events import ChatSent, LineSpoken, PeerEvent, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, Peer, StoredPeerEvent, TranscriptLine
from aftercall.service.recording.delivery import Delivery
from aftercall.store import chat_transcript, peer_events, peers, samples

AppendOnlyEvent = PeerEvent | SampleTaken | ChatSent | LineSpoken
PeerKey = tuple[str, str]
"""App and peer."""


class _PendingHeartbeat(NamedTuple):
    heard_at: EpochMs
    received_at: EpochMs
    last_sequence: int
    samples: int


class PendingAppends:
    """The appends of one transaction, numbered in the order of `add`."""

    def __init__(self, tx: AsyncConnection, *, most_talk: int = 0) -> None:
        """`most_talk`: characters of chat and transcript that a session may have; 0: no limit."""
        self._tx = tx
        self._most_talk = most_talk
        self._count = 0
        self._samples: dict[tuple[str, str, int], tuple[int, samples.SampleRow]] = {}
        self._events: dict[tuple[str, str, str], tuple[int, StoredPeerEvent]] = {}
        self._messages: dict[int, ChatMessage] = {}
        self._lines: dict[int, TranscriptLine] = {}
        self._heartbeats: dict[PeerKey, _PendingHeartbeat] = {}
        self._talk: dict[tuple[str, str], int] = {}
        """Characters of chat and transcript by app and session, with those added so far."""

    def add(
        self, delivery: Delivery, event: AppendOnlyEvent, session_id: str, peer: Peer | None
    ) -> int:
        """Add an event; returns its number, which is its place in the result of `append`."""
        number = self._count
        self._count += 1
        app_id = delivery.app_id
        match event:
            case SampleTaken():
                self._add_sample(number, delivery, event, session_id)
            case PeerEvent():
                note = StoredPeerEvent(
                    app_id=app_id,
                    session_id=session_id,
                    peer_id=event.peer_id,
                    id=event.id,
                    at=event.at,
                    received_at=delivery.received_at,
                    name=event.name,
                    data=event.data,
                )
                self._events.setdefault((app_id, event.peer_id, event.id), (number, note))
            case ChatSent():
                self._messages[number] = _message(app_id, session_id, event, delivery, peer)
            case LineSpoken():
                self._lines[number] = _line(app_id, session_id, event, delivery, peer)
        return number

    def _add_sample(
        self, number: int, delivery: Delivery, event: SampleTaken, session_id: str
    ) -> None:
        row = samples.SampleRow(
            delivery.app_id,
            event.peer_id,
            session_id,
            event.sequence,
            event.at,
            delivery.received_at,
            event.body,
        )
        key = (delivery.app_id, event.peer_id, event.sequence)
        self._samples.setdefault(key, (number, row))

    def record_heartbeat(self, key: PeerKey, heard_at: EpochMs, received_at: EpochMs) -> None:
        """Add a peer's heartbeat."""
        old = self._heartbeats.get(key)
        if old is not None:
            heard_at, received_at = max(heard_at, old.heard_at), max(received_at, old.received_at)
        self._heartbeats[key] = _PendingHeartbeat(heard_at, received_at, -1, 0)

    async def has_room(self, app_id: str, session_id: str, text: str) -> bool:
        """Whether a session's chat and transcript may grow by this text, which counts as added."""
        if not self._most_talk:
            return True
        key = (app_id, session_id)
        if key not in self._talk:
            self._talk[key] = await chat_transcript.characters_of(self._tx, app_id, session_id)
        self._talk[key] += len(text)
        return self._talk[key] <= self._most_talk

    async def append(
        self, tx: AsyncConnection, statuses: Mapping[PeerKey, peers.PeerStatus]
    ) -> list[bool]:
        """Write all events and heartbeats; returns for each number whether its event was new."""
        is_new = [False] * self._count
        for number in await self._append_samples(tx, statuses):
            is_new[number] = True
        if self._events:
            new = await peer_events.append(tx, [note for _, note in self._events.values()])
            for number, note in self._events.values():
                is_new[number] = note.id in new
        if self._messages:
            changed = await chat_transcript.save_messages(tx, list(self._messages.values()))
            for number, message in self._messages.items():
                is_new[number] = message.id in changed
        if self._lines:
            new = await chat_transcript.save_lines(tx, list(self._lines.values()))
            for number, line in self._lines.items():
                is_new[number] = line.id in new
        await self._count_talk(tx, is_new)
        if self._heartbeats:
            await peers.record_heartbeats(
                tx, [_row(key, heartbeat) for key, heartbeat in self._heartbeats.items()]
            )
        return is_new

    async def _count_talk(self, tx: AsyncConnection, is_new: Sequence[bool]) -> None:
        added = Counter[tuple[str, str]]()
        for number, message in self._messages.items():
            if is_new[number]:
                added[message.app_id, message.session_id] += len(message.payload)
        for number, line in self._lines.items():
            if is_new[number]:
                added[line.app_id, line.session_id] += len(line.text)
        if added:
            await chat_transcript.add_characters(tx, added)

    async def _append_samples(
        self, tx: AsyncConnection, statuses: Mapping[PeerKey, peers.PeerStatus]
    ) -> list[int]:
        """Append the samples; returns the numbers of the new ones.

        A sequence above the peer's last is new; only others are looked up.
        """
        if not self._samples:
            return []
        uncertain = [
            key for key in self._samples if not _is_above_last(key, statuses.get((key[0], key[1])))
        ]
        known = await samples.known(tx, uncertain) if uncertain else set()
        new = {key: entry for key, entry in self._samples.items() if key not in known}
        kept = await samples.append(tx, [row for _, row in new.values()])
        new = {key: entry for key, entry in new.items() if key in kept}
        for app_id, peer_id, sequence in new:
            self._count_sample((app_id, peer_id), sequence, new[app_id, peer_id, sequence][1])
        return [number for number, _ in new.values()]

    def _count_sample(self, key: PeerKey, sequence: int, row: samples.SampleRow) -> None:
        old = self._heartbeats.get(key) or _PendingHeartbeat(row.at, row.received_at, -1, 0)
        self._heartbeats[key] = old._replace(
            heard_at=max(old.heard_at, row.at),
            last_sequence=max(old.last_sequence, sequence),
            samples=old.samples + 1,
        )


def _row(key: PeerKey, heartbeat: _PendingHeartbeat) -> peers.Heartbeat:
    return peers.Heartbeat(
        app_id=key[0],
        peer_id=key[1],
        last_heard_at=heartbeat.heard_at,
        last_received_at=heartbeat.received_at,
        last_sequence=heartbeat.last_sequence,
        samples_added=heartbeat.samples,
    )


def _is_above_last(key: tuple[str, str, int], status: peers.PeerStatus | None) -> bool:
    if status is None:
        return False
    return status.last_sequence is None or key[2] > status.last_sequence


def _message(
    app_id: str, session_id: str, event: ChatSent, delivery: Delivery, peer: Peer | None
) -> ChatMessage:
    who = delivery.credentials.identity if delivery.credentials else None
    name = event.display_name or (peer and peer.display_name) or (who and who.display_name)
    return ChatMessage(
        app_id=app_id,
        session_id=session_id,
        id=event.id,
        peer_id=event.peer_id,
        user_id=event.user_id or (peer.user_id if peer else None),
        display_name=name or "",
        kind=event.kind,
        payload=event.payload,
        is_pinned=event.is_pinned,
        is_edited=event.is_edited,
        at=event.at,
        revised_at=event.revised_at,
    )


def _line(
    app_id: str, session_id: str, event: LineSpoken, delivery: Delivery, peer: Peer | None
) -> TranscriptLine:
    who = delivery.credentials.identity if delivery.credentials else None
    name = event.display_name or (peer and peer.display_name) or (who and who.display_name)
    custom_id = event.custom_participant_id or (peer.custom_participant_id if peer else None)
    return TranscriptLine(
        app_id=app_id,
        session_id=session_id,
        id=event.id,
        peer_id=event.peer_id,
        user_id=event.user_id or (peer.user_id if peer else None),
        custom_participant_id=custom_id,
        display_name=name or "",
        start_at=event.at,
        end_at=event.end_at,
        text=event.text,
    )
