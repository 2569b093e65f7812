"""Presets in RealtimeKit's format."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from aftercall.core.presets import Preset
from aftercall.core.records import ViewType
from aftercall.wire.bodies import parse_body
from aftercall.wire.meetings import PresetName, Time
from aftercall.wire.preset_parts import (
    UI,
    USUAL_PERMISSIONS,
    USUAL_UI,
    Config,
    Permissions,
    usual_config,
)
from aftercall.wire.query import Text
from aftercall.wire.times import encode_time

Part: TypeAlias = Annotated[dict[str, Any], Meta(max_length=256)]

PRESET_SEARCH: Final = Text(name="search", about="In the preset's name.")


class PresetBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A preset to be created, or to take the place of one."""

    name: PresetName
    config: Config
    permissions: Permissions
    ui: UI


class PresetPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to a preset; what is left out, at any depth, stays."""

    name: PresetName | UnsetType = UNSET
    config: Part | UnsetType = UNSET
    permissions: Part | UnsetType = UNSET
    ui: Part | UnsetType = UNSET


class PresetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A preset."""

    id: str
    name: str
    config: dict[str, Any]
    permissions: dict[str, Any]
    ui: dict[str, Any]
    created_at: Time
    updated_at: Time


class ListedPreset(msgspec.Struct, frozen=True, kw_only=True):
    """A preset in a list."""

    id: str
    name: str
    created_at: Time
    updated_at: Time


class _Parts(msgspec.Struct, frozen=True, kw_only=True):
    config: Part
    permissions: Part
    ui: Part


class StatedPreset(msgspec.Struct, frozen=True, kw_only=True):
    """What a body states: the three parts with every member that was sent."""

    name: str
    view_type: ViewType
    parts: dict[str, dict[str, Any]]


def read_preset(raw: bytes) -> StatedPreset:
    """Raises `Malformed`."""
    body = parse_body(raw, PresetBody)
    parts = parse_body(raw, _Parts)
    return StatedPreset(
        name=body.name, view_type=body.config.view_type, parts=msgspec.structs.asdict(parts)
    )


def read_preset_patch(raw: bytes, preset: Preset) -> StatedPreset:
    """The preset with the changes of a body; the whole is checked again. Raises `Malformed`."""
    patch = parse_body(raw, PresetPatch)
    stated: dict[str, Any] = {
        name: value
        for name, value in msgspec.structs.asdict(patch).items()
        if not isinstance(value, UnsetType)
    }
    whole = _merged({"name": preset.name, **_parts_of(preset)}, stated)
    return read_preset(msgspec.json.encode(whole))


def encode_preset(preset: Preset) -> PresetAnswer:
    """A preset that is known by its name alone has the usual parts."""
    return PresetAnswer(
        id=preset.id,
        name=preset.name,
        **_parts_of(preset),
        created_at=encode_time(preset.created_at),
        updated_at=encode_time(preset.updated_at),
    )


def encode_listed_preset(preset: Preset) -> ListedPreset:
    return ListedPreset(
        id=preset.id,
        name=preset.name,
        created_at=encode_time(preset.created_at),
        updated_at=encode_time(preset.updated_at),
    )


def _parts_of(preset: Preset) -> dict[str, dict[str, Any]]:
    return {
        "config": preset.config or msgspec.to_builtins(usual_config(preset.view_type)),
        "permissions": preset.permissions or msgspec.to_builtins(USUAL_PERMISSIONS),
        "ui": preset.ui or msgspec.to_builtins(USUAL_UI),
    }


def _merged(known: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """`known` with the members of `stated`, object by object. No body nests deeper than its
    decoder allows."""
    merged = dict(known)
    for name, value in stated.items():
        before = merged.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[name] = _merged(before, value)
        else:
            merged[name] = value
    return merged
