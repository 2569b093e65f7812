"""Who is meant by a source that, at a farewell, says only a name of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from aftercall.core.events import ALIAS_JOINED, ALIAS_LEFT, AnyEvent, PeerLeft, PeerNoted
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.records import PeerNote
from aftercall.store import notes, sessions
from aftercall.store.database import Database


class Aliases:
    """Reads from the notes of a session which peer came in under which name."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def farewells(
        self, app_id: str, meeting_id: str, alias: str, at: EpochMs
    ) -> list[AnyEvent]:
        """What `alias` leaving at `at` means: a note, and a leave of the peer when it was the
        last of its names. Nothing when the session going on knows nobody of that name."""
        async with self._db.read() as tx:
            session = await sessions.find_current_session(tx, app_id, meeting_id)
            if session is None:
                return []
            told = await notes.notes_of_session(tx, app_id, session.id)
        names = _names(told, at)
        events: list[AnyEvent] = []
        for peer_id, present in names.items():
            if alias not in present:
                continue
            place: dict[str, Any] = {"at": at, "peer_id": peer_id, "session_id": session.id}
            id = id_from(app_id, peer_id, ALIAS_LEFT, alias, str(at))
            events.append(PeerNoted(id=id, name=ALIAS_LEFT, data={"alias": alias}, **place))
            if len(present) == 1:
                events.append(PeerLeft(id=id_from(app_id, id), **place))
        return events


def _names(told: Sequence[PeerNote], at: EpochMs) -> Mapping[str, set[str]]:
    """The names of each peer that were there at a moment, by its id; `told` in order of time."""
    names: dict[str, set[str]] = {}
    for note in told:
        alias = note.data.get("alias")
        if note.at > at or not isinstance(alias, str):
            continue
        if note.name == ALIAS_JOINED:
            names.setdefault(note.peer_id, set()).add(alias)
        elif note.name == ALIAS_LEFT:
            names.get(note.peer_id, set()).discard(alias)
    return names
