"""Recordings and livestreams as the session's page lists them."""

import pytest
from msgspec.structs import replace

from aftercall.core.egresses import Egress, EgressKind, EgressStatus, Stated
from aftercall.core.instants import EpochMs
from aftercall.wire.dashboard.egresses import encode_egresses

AT = EpochMs(1_790_000_000_000)
RECORDING = Egress(
    app_id="app",
    kind=EgressKind.RECORDING,
    id="EG_1",
    session_id="session",
    meeting_id="meeting",
    status=EgressStatus.COMPLETE,
    status_at=AT,
    invoked_at=AT,
    started_at=AT,
    stopped_at=EpochMs(AT + 90_000),
    size_bytes=1_000,
    texts={
        "file_name": Stated(AT, "call.mp4"),
        "download_url": Stated(AT, "https://files.test/call.mp4"),
    },
    created_at=AT,
    updated_at=AT,
)


def test_a_recording_has_its_length_and_where_its_file_is() -> None:
    (found,) = encode_egresses([RECORDING])
    assert (found.duration_ms, found.name, found.url) == (
        90_000,
        "call.mp4",
        "https://files.test/call.mp4",
    )


def test_a_livestream_has_where_it_plays() -> None:
    texts = {"name": Stated(AT, "Town hall"), "playback_url": Stated(AT, "https://live.test/1")}
    stream = replace(RECORDING, kind=EgressKind.LIVESTREAM, texts=texts, stopped_at=None)
    (found,) = encode_egresses([stream])
    assert (found.duration_ms, found.name, found.url) == (None, "Town hall", "https://live.test/1")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "/calls", ""])
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    odd = replace(RECORDING, texts={"download_url": Stated(AT, url)})
    assert encode_egresses([odd])[0].url is None
