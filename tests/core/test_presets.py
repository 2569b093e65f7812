"""What is known of a preset by its name."""

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.presets import preset_id, preset_of_name, view_type_of
from aftercall.core.records import ViewType


@pytest.mark.parametrize(
    ("name", "view_type"),
    [
        ("group_call_host", ViewType.GROUP_CALL),
        ("Webinar_presenter", ViewType.WEBINAR),
        ("audio_room", ViewType.AUDIO_ROOM),
        ("livestream_viewer", ViewType.LIVESTREAM),
        ("chat-only", ViewType.CHAT),
        ("my_webinar", ViewType.GROUP_CALL),
        ("", ViewType.GROUP_CALL),
    ],
)
def test_the_start_of_a_name_tells_the_kind_of_room(name: str, view_type: ViewType) -> None:
    assert view_type_of(name) is view_type
    assert preset_of_name("a", name, now=EpochMs(1)).view_type is view_type


def test_a_name_has_one_id_in_an_app_and_another_in_each_other() -> None:
    assert preset_id("a", "host") == preset_of_name("a", "host", now=EpochMs(5)).id
    assert len({preset_id(app, name) for app in "ab" for name in ("host", "guest")}) == 4
