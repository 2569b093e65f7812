"""Events of a backend about recordings and livestreams."""

from typing import Any

import msgspec
import pytest

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import EgressReported
from aftercall.core.privacy import Privacy
from aftercall.ingest import backend_events
from tests.ingest import translation

NOW = 1_795_224_208_672


def read(**members: Any) -> Any:
    body = msgspec.json.encode({"events": [{"at": NOW, "session_id": "call", **members}]})
    return translation.translate(backend_events, body, received_at=NOW, privacy=Privacy.TRUNCATE)


def _recording(**members: Any) -> Any:
    return read(type="recording_changed", recording_id="rec-1", **members)


def test_a_recording_becomes_a_report() -> None:
    found = _recording(
        status="uploaded",
        started_at="2026-11-21T10:00:00Z",
        stopped_at=NOW,
        duration_s=12.5,
        size_bytes=4_096,
        file_name="call.mp4",
        download_url="https://files.test/call.mp4?key=1",
        download_url_expires_at="2026-11-28T10:00:00Z",
    )
    [event] = found.events
    assert isinstance(event, EgressReported)
    assert (event.kind, event.egress_id) == (EgressKind.RECORDING, "rec-1")
    assert (event.status, event.at) == (EgressStatus.COMPLETE, NOW)
    assert (event.stopped_at, event.duration_ms, event.size_bytes) == (NOW, 12_500, 4_096)
    assert event.texts == {
        "file_name": "call.mp4",
        "download_url": "https://files.test/call.mp4?key=1",
        "download_url_expires_at": "2026-11-28T10:00:00.000Z",
    }


def test_a_livestream_becomes_a_report() -> None:
    found = read(
        type="livestream_changed",
        livestream_id="not a path id",
        status="live",
        name="Town hall",
        playback_url="https://cdn.test/live.m3u8",
        viewer_s=90,
    )
    [event] = found.events
    assert isinstance(event, EgressReported)
    assert (event.kind, event.status) == (EgressKind.LIVESTREAM, EgressStatus.ACTIVE)
    assert len(event.egress_id) == 36
    assert event.viewer_ms == 90_000
    assert event.texts == {"name": "Town hall", "playback_url": "https://cdn.test/live.m3u8"}


@pytest.mark.parametrize(
    "members",
    (
        {"status": "live"},
        {},
        {"status": "uploaded", "download_url": "javascript:alert(1)"},
        {"status": "uploaded", "size_bytes": -1},
        {"status": "uploaded", "duration_s": 1e12},
        {"status": "uploaded", "stream_key": "sk_1"},
        {"status": "uploaded", "stopped_at": "soon"},
    ),
)
def test_a_recording_that_breaks_a_rule_is_refused(members: dict[str, Any]) -> None:
    [rejected] = _recording(**members).rejected
    assert rejected.code in {"bad_event", "bad_time"}
