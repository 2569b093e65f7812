"""Ids of what Jitsi names, the same for Prosody's events and the pages' statistics."""

import re
from typing import Final

from aftercall.core.events import ENDPOINT_PREFIX
from aftercall.core.ids import id_from, is_path_id

SOURCE: Final = "jitsi"

_ENDPOINT: Final = re.compile(r"[0-9a-f]{8}")


def meeting_id_from(app_id: str, room: str) -> str:
    """A room's meeting: the room's name, without the conference's domain, if that can stand in a
    path; else a function of it."""
    name = room.partition("@")[0]
    return name if is_path_id(name) else id_from(app_id, "meeting", name)


def user_id_from(app_id: str, user: str) -> str:
    """The user of an id that a Jitsi JWT states."""
    return id_from(app_id, SOURCE, "identity", user)


def endpoint_of(occupant_jid: str) -> str | None:
    """The endpoint id of an occupant, which its page reports as well. Jitsi's client takes it from
    the JID of a guest, or of who has a token: a UUID whose first eight digits it is. Who signed in
    with a password has a random one; `None` for those."""
    head = occupant_jid.partition("@")[0][:8].lower()
    return head if _ENDPOINT.fullmatch(head) else None


def endpoint_user_id(app_id: str, endpoint: str) -> str:
    """The user of an endpoint id: one connection to Jitsi, and to the rooms that it visits."""
    return ENDPOINT_PREFIX + id_from(app_id, SOURCE, "endpoint", endpoint)
