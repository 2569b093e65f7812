"""Ids of what BigBlueButton names, the same for a callback and for webhooks."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aftercall.core.events import Identity, PeerEvent, PeerJoined, PeerLeft
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import EpochMs

SOURCE: Final = "bigbluebutton"


def meeting_id_from(app_id: str, external: str) -> str:
    """The meeting of an external id: the id itself if it can stand in a path, else a function of
    it."""
    return external if is_path_id(external) else id_from(app_id, "meeting", external)


class Place(NamedTuple):
    """One meeting of BigBlueButton: a session."""

    app_id: str
    internal_id: str
    external_id: str
    name: str | None

    @property
    def members(self) -> dict[str, Any]:
        """The meeting and the session of a fact."""
        meeting = meeting_id_from(self.app_id, self.external_id)
        session = id_from(self.app_id, SOURCE, "meeting", self.internal_id)
        return {"meeting_id": meeting, "session_id": session}

    def peer_id(self, user: str) -> str:
        """The peer of an internal user id: one visit."""
        return id_from(self.app_id, SOURCE, "user", self.internal_id, user)

    def fact_id(self, *words: str) -> str:
        return id_from(self.app_id, SOURCE, self.internal_id, *words)

    def joined(self, user: str, at: EpochMs, external: str, name: str | None) -> PeerJoined:
        return PeerJoined(
            id=self.fact_id("joined", user, str(at)),
            at=at,
            peer_id=self.peer_id(user),
            identity=Identity(
                user_id=id_from(self.app_id, SOURCE, "identity", external),
                custom_participant_id=external,
                display_name=name,
            ),
            meeting_title=self.name,
            **self.members,
        )

    def left(self, user: str, at: EpochMs) -> PeerLeft:
        id, peer_id = self.fact_id("left", user, str(at)), self.peer_id(user)
        return PeerLeft(id=id, at=at, peer_id=peer_id, **self.members)

    def note(
        self, user: str, at: EpochMs, name: str, data: Mapping[str, Any], *words: str
    ) -> PeerEvent:
        """Something that happened to a user; `words` tell it from others of the same time."""
        return PeerEvent(
            id=self.fact_id(name, user, str(at), *words),
            at=at,
            peer_id=self.peer_id(user),
            name=name,
            data=dict(data),
            **self.members,
        )
