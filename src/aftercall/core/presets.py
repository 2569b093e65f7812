"""Presets: what a kind of participant may do, see and send, as an app states it.

Aftercall carries no media, so that a preset here is a record: clients read it, and its view type
says as which kind of room the minutes of a participant count.
"""

from typing import Any, Final

import msgspec

from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.records import Record, ViewType


class Preset(Record, frozen=True, kw_only=True):
    """A preset. Its `config`, `permissions` and `ui` are in RealtimeKit's format, because nothing
    here reads more of them than the view type."""

    app_id: str
    id: str
    name: str
    view_type: ViewType
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    """Empty, like the other two, in a preset that is known by its name alone."""
    permissions: dict[str, Any] = msgspec.field(default_factory=dict)
    ui: dict[str, Any] = msgspec.field(default_factory=dict)
    created_at: EpochMs
    updated_at: EpochMs


_VIEW_PREFIXES: Final = {
    "webinar": ViewType.WEBINAR,
    "audio_room": ViewType.AUDIO_ROOM,
    "livestream": ViewType.LIVESTREAM,
    "chat": ViewType.CHAT,
}


def view_type_of(preset_name: str) -> ViewType:
    """The kind of room a preset describes, read from the start of its name, as RealtimeKit's
    own presets are called (`webinar_presenter`, `livestream_viewer`, …)."""
    name = preset_name.lower()
    for prefix, view_type in _VIEW_PREFIXES.items():
        if name.startswith(prefix):
            return view_type
    return ViewType.GROUP_CALL


def preset_id(app_id: str, name: str) -> str:
    """The id of the preset that was first known by this name."""
    return id_from(app_id, "preset", name)


def preset_of_name(app_id: str, name: str, *, now: EpochMs) -> Preset:
    """The preset of a participant whose app never stated one of that name."""
    return Preset(
        app_id=app_id,
        id=preset_id(app_id, name),
        name=name,
        view_type=view_type_of(name),
        created_at=now,
        updated_at=now,
    )
