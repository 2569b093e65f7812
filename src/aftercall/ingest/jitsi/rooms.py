"""Ids of what Jitsi names, the same for Prosody's events and the pages' statistics."""

import re
from typing import Final

from aftercall.core.events import ENDPOINT_PREFIX
from aftercall.core.ids import id_from, is_path_id

SOURCE: Final = "jitsi"

_ENDPOINT: Final = re.compile(r"[0-9a-f]{8}")


_TENANT: Final = re.compile(r"\[([^\[\]]+)\](.+)")


def meeting_id_from(app_id: str, room: str) -> str:
    """A room's meeting: the room's name, without the conference's domain, if that can stand in a
    path; else a function of it. A tenant's room is named as Prosody names it, `[tenant]room`."""
    name = room.partition("@")[0]
    return name if is_path_id(name) else id_from(app_id, "meeting", name)


def title_of(room: str) -> str:
    """What a room is called: its name; of a tenant's room `tenant/room`, as in its address."""
    name = room.partition("@")[0]
    tenant = _TENANT.fullmatch(name)
    return name if tenant is None else f"{tenant[1]}/{tenant[2]}"


def room_of_page(conference: str, address: str | None) -> str:
    """The name by which Prosody knows the conference of a page.

    A tenant's page is in `room@conference.tenant.example.org`, which Prosody keeps as
    `[tenant]room@conference.example.org` (its module muc_domain_mapper). Which part of the domain
    is a tenant shows only beside the page's address: `example.org/tenant/room`, with or without a
    scheme. Without one the room is taken to be of no tenant.
    """
    name, _, domain = conference.partition("@")
    _, _, below = domain.lower().partition(".")
    tenant, _, base = below.partition(".")
    host, *path = (address or "").rpartition("://")[2].lower().split("/")
    host = host.partition(":")[0]
    is_in_path = len(path) > 1 and path[0] == tenant and below != host
    is_in_domain = bool(base) and base == host
    if not name or name.startswith("[") or not tenant or not (is_in_path or is_in_domain):
        return conference
    return f"[{tenant}]{name}@{domain}"


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
