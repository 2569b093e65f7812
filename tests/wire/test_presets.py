"""Presets in RealtimeKit's format."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.presets import preset_of_name
from aftercall.core.records import ViewType
from aftercall.wire.preset_parts import UI, Config, Permissions
from aftercall.wire.presets import encode_preset, read_preset, read_preset_patch

_names = st.text(min_size=1, max_size=20).filter(lambda name: name.isprintable())
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5).filter(str.isprintable),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)


def _usual(name: str) -> dict[str, Any]:
    preset = preset_of_name("a", name, now=EpochMs(1))
    answer = msgspec.to_builtins(encode_preset(preset))
    return {part: answer[part] for part in ("name", "config", "permissions", "ui")}


@pytest.mark.parametrize("name", ["host", "webinar_viewer", "chat"])
def test_the_usual_parts_are_a_whole_preset(name: str) -> None:
    body = _usual(name)
    for part, kind in (("config", Config), ("permissions", Permissions), ("ui", UI)):
        assert msgspec.to_builtins(msgspec.convert(body[part], kind)) == body[part]
    stated = read_preset(msgspec.json.encode(body))
    assert stated.parts == {part: body[part] for part in ("config", "permissions", "ui")}
    assert stated.view_type is preset_of_name("a", name, now=EpochMs(1)).view_type


@given(extra=st.dictionaries(_names.map(lambda name: f"x{name}"), _json, max_size=3))
def test_a_patch_of_unknown_members_changes_these_alone(extra: dict[str, Any]) -> None:
    preset = preset_of_name("a", "host", now=EpochMs(1))
    patch = msgspec.json.encode({"config": extra, "ui": {"design_tokens": extra}})
    stated, usual = read_preset_patch(patch, preset), _usual("host")
    assert stated.parts["config"] == usual["config"] | extra
    assert stated.parts["permissions"] == usual["permissions"]
    tokens = usual["ui"]["design_tokens"] | extra
    assert stated.parts["ui"] == {"design_tokens": tokens}


def test_an_empty_patch_changes_nothing_and_a_null_removes_nothing_required() -> None:
    preset = preset_of_name("a", "webinar_viewer", now=EpochMs(1))
    stated = read_preset_patch(b"", preset)
    assert (stated.name, stated.view_type) == ("webinar_viewer", ViewType.WEBINAR)
    with pytest.raises(Malformed, match=r"config\.media"):
        read_preset_patch(b'{"config": {"media": null}}', preset)


@given(body=_json)
def test_any_body_is_read_or_refused(body: Any) -> None:
    preset = preset_of_name("a", "host", now=EpochMs(1))
    raw = msgspec.json.encode(body)
    with pytest.raises(Malformed):
        read_preset(raw)
    try:
        read_preset_patch(raw, preset)
    except Malformed:
        return
