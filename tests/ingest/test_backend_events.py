"""Events from a backend: what their JSON becomes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    ChatSent,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SampleTaken,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.privacy import Privacy
from aftercall.ingest import backend_events
from tests.ingest import translation
from tests.ingest.translation import RedactedTranslation

NOW = 1_795_224_208_672


def read(*events: Any) -> RedactedTranslation:
    body = msgspec.json.encode({"events": events})
    return translation.translate(backend_events, body, received_at=NOW, privacy=Privacy.TRUNCATE)


def event(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": kind, "at": NOW, "meeting_id": "weekly", **members}


def test_each_type_becomes_its_core_event() -> None:
    found = read(
        event("session_opened", title="Weekly"),
        event("session_closed"),
        event("peer_joined", peer_id="p", participant={"user_id": "ada"}, previous_peer_id="o"),
        event("peer_left", peer_id="p"),
        event("peer_kicked", peer_id="p"),
        event("peer_noted", peer_id="p", name="audio_off"),
        event("sample_taken", peer_id="p", sequence=4, sample={"connections": []}),
        event("chat_sent", peer_id="p", text="hello"),
        event("line_spoken", peer_id="p", text="hello", end_at=NOW + 5),
    )
    assert found.rejected == []
    assert [type(e) for e in found.events] == [
        SessionOpened,
        SessionClosed,
        PeerJoined,
        PeerLeft,
        PeerKicked,
        PeerEvent,
        SampleTaken,
        ChatSent,
        LineSpoken,
    ]


def test_ids_of_a_source_are_kept_or_hashed() -> None:
    uuid = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
    kept, made, again = read(
        event("peer_left", peer_id=uuid, session_id=uuid),
        event("peer_left", peer_id="conn-1", session_id="RM_1", meeting_id="a room/with spaces"),
        event("peer_left", peer_id="conn-1", session_id="RM_1", meeting_id="a room/with spaces"),
    ).events
    assert isinstance(kept, PeerLeft) and isinstance(made, PeerLeft)
    assert (kept.peer_id, kept.session_id, kept.meeting_id) == (uuid, uuid, "weekly")
    assert made == again
    assert "conn-1" not in made.peer_id
    assert made.meeting_id is not None and " " not in made.meeting_id


def test_times_may_be_iso_text() -> None:
    zulu, offset, plain = read(
        event("session_closed", at="2026-11-21T10:00:00Z"),
        event("session_closed", at="2026-11-21T12:00:00.000+02:00"),
        event("session_closed", at="2026-11-21T10:00:00"),
    ).events
    assert zulu.at == offset.at == plain.at == 1_795_255_200_000


def test_an_unknown_member_is_refused_by_name() -> None:
    [rejected] = read(event("peer_left", peer_id="p", reason="bored")).rejected
    assert rejected.code == "bad_event"
    assert "reason" in rejected.message


@pytest.mark.parametrize(
    "odd",
    [
        event("peer_left"),
        event("peer_left", peer_id=""),
        event("peer_left", peer_id="p", at="tomorrow"),
        event("peer_left", peer_id="p", at=12),
        event("peer_noted", peer_id="p", name="Bad Name"),
        event("peer_noted", peer_id="p", name="deep", data={"a": {"b": {"c": {"d": 1}}}}),
        event("sample_taken", peer_id="p", sequence=-1, sample={}),
        event("chat_sent", text="x" * 10_001),
        event("unheard_of"),
        17,
        None,
    ],
)
def test_an_invalid_event_is_rejected_alone(odd: Any) -> None:
    found = read(event("peer_left", peer_id="fine"), odd)
    assert len(found.events) == 1
    assert [r.position for r in found.rejected] == [1]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"events": []}', b'{"events": 3}', b"\xff"])
def test_a_malformed_body_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        translation.translate(backend_events, body, received_at=NOW)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_events(body: bytes) -> None:
    with pytest.raises(Malformed):
        translation.translate(backend_events, body, received_at=NOW)
