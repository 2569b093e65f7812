"""Ids of what Jitsi names, the same for Prosody's events and the pages' statistics."""

from typing import Final

from aftercall.core.ids import id_from, is_path_id

SOURCE: Final = "jitsi"


def meeting_id_from(app_id: str, room: str) -> str:
    """A room's meeting: the room's name, without the conference's domain, if that can stand in a
    path; else a function of it."""
    name = room.partition("@")[0]
    return name if is_path_id(name) else id_from(app_id, "meeting", name)


def user_id_from(app_id: str, user: str) -> str:
    """The user of an id that a Jitsi JWT states."""
    return id_from(app_id, SOURCE, "identity", user)
