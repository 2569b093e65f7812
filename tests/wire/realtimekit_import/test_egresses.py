"""Recordings and livestreams, read from RealtimeKit's answers."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.records import Phase, Session
from aftercall.wire.realtimekit_import.egresses import (
    livestreams_in,
    read_livestreams,
    read_recordings,
    reported_in,
)
from aftercall.wire.times import parse_time
from tests.recorder_harness import NOON

SESSION = Session(
    app_id="app",
    id="session",
    meeting_id="meeting",
    title="",
    phase=Phase.ENDED,
    created_at=NOON,
    started_at=NOON,
    updated_at=NOON,
    touched_at=NOON,
)
RECORDING: dict[str, Any] = {
    "id": "r-1",
    "session_id": "session",
    "status": "UPLOADED",
    "output_file_name": "call.mp4",
    "invoked_time": "2026-11-21T12:00:00.000Z",
    "started_time": "2026-11-21T12:00:02.000Z",
    "stopped_time": "2026-11-21T12:02:02.000Z",
    "recording_duration": 120,
    "file_size": 1000,
    "download_url": "https://files.test/call.mp4",
}
LIVE = {
    "id": "run-1",
    "livestream_id": "l-1",
    "started_time": "2026-11-21T12:00:02.000Z",
    "ingest_seconds": 60,
    "viewer_seconds": 600,
}


def body(data: Any) -> bytes:
    return json.dumps({"success": True, "data": data}).encode()


def test_a_recording_of_the_session_is_read_with_its_file() -> None:
    others = [{**RECORDING, "id": "r-2", "session_id": "another"}, {"id": "r-3"}, "odd"]
    (found,) = read_recordings([body([RECORDING, *others])], SESSION, NOON)
    assert (found.id, found.kind, found.status) == (
        "r-1",
        EgressKind.RECORDING,
        EgressStatus.COMPLETE,
    )
    assert (found.length_ms, found.size_bytes) == (120_000, 1000)
    assert found.text("download_url") == "https://files.test/call.mp4"
    assert found.status_at == found.stopped_at == parse_time(RECORDING["stopped_time"], field="t")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", 7, "https://" + "x" * 4_096])
def test_an_address_that_no_browser_should_open_is_not_kept(url: object) -> None:
    (found,) = read_recordings([body([{**RECORDING, "download_url": url}])], SESSION, NOON)
    assert found.text("download_url") is None


def test_a_livestream_is_read_with_its_name_and_each_run_is_one() -> None:
    answer = body({"sessions": [LIVE, {**LIVE, "id": "run-2"}]})
    assert livestreams_in(answer) == ["l-1"]
    about = {"livestream": {"name": "Hall", "playback_url": "https://live.test", "stream_key": "k"}}
    first, second = read_livestreams(answer, {"l-1": body(about)}, SESSION, NOON)
    assert (first.id, second.id) == ("l-1", "run-2")
    assert (first.length_ms, first.viewer_ms) == (60_000, 600_000)
    assert first.text("name") == "Hall" and first.text("playback_url") == "https://live.test"
    assert "k" not in {stated.value for stated in first.texts.values()}
    assert replace(first, id="run-2") == second


def test_a_livestream_with_an_error_failed() -> None:
    answer = body({"sessions": [{**LIVE, "err_message": "ingest lost"}]})
    (found,) = read_livestreams(answer, {"l-1": None}, SESSION, NOON)
    assert (found.status, found.text("error")) == (EgressStatus.FAILED, "ingest lost")


def test_nothing_is_asked_for_where_the_details_name_none() -> None:
    none = {"recording_status": "NOT_RECORDED", "livestream_status": "NOT_LIVESTREAMED"}
    assert reported_in(body({"associated_id": "m", **none})) == (None, False)
    assert reported_in(body({"associated_id": "m"})) == ("m", True)
