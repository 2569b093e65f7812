"""One event of Janus: its peer, its time, and its id at every repeat."""

import json
from typing import Any

import msgspec
import pytest

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.ingest.janus.events import (
    AHEAD_TOLERANCE_MS,
    JanusEvent,
    id_of,
    peer_id_from,
    read_event,
    sample_of,
    sender_of,
)
from aftercall.ingest.source import Context

NOON = EpochMs(1_795_262_400_000)


def _raw(**members: Any) -> msgspec.Raw:
    event = {"type": 2, "emitter": "janus-1", "session_id": 7, "timestamp": (NOON - 50) * 1000}
    return msgspec.Raw(json.dumps(event | members).encode())


CONTEXT = Context("app", NOON, interval_ms=1_000)


def _read(raw: msgspec.Raw) -> JanusEvent:
    return read_event(raw, CONTEXT)


def test_an_event_has_its_peer_time_and_handle() -> None:
    stated = _read(_raw(handle_id=9, subtype=1, event={"name": "attached"}))
    assert stated.peer_id == peer_id_from("app", "janus-1", "7")
    assert (stated.at, stated.handle, stated.type, stated.subtype) == (NOON - 50, "9", 2, 1)
    assert stated.content == {"name": "attached"}
    assert _read(_raw(session_id=None)).peer_id is None


def test_a_repeated_event_has_the_same_id_and_any_other_a_different_one() -> None:
    once, again = _read(_raw()), _read(msgspec.Raw(b" " + bytes(_raw()) + b"\n"))
    assert (once.id, once.sequence) == (again.id, again.sequence)
    other = _read(_raw(handle_id=1))
    assert once.id != other.id and once.sequence != other.sequence
    assert 0 <= once.sequence < 2**63


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        (NOON * 1000, NOON),
        ((NOON + AHEAD_TOLERANCE_MS) * 1000, NOON + AHEAD_TOLERANCE_MS),
        ((NOON + AHEAD_TOLERANCE_MS + 1) * 1000, NOON),
        (12, NOON),
        (10**30, NOON),
        (True, NOON),
        ("soon", NOON),
        (None, NOON),
    ],
)
def test_a_future_or_implausible_timestamp_is_replaced_by_the_time_of_receipt(
    timestamp: Any, at: int
) -> None:
    raw = _raw(timestamp=timestamp)
    assert _read(raw).at == at
    sender = sender_of(raw, CONTEXT)
    assert sender is not None and sender.at == at


@pytest.mark.parametrize("raw", [b"{", b"[]", b"7", b"{}", b'{"type": "media"}'])
def test_an_invalid_event_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        _read(msgspec.Raw(raw))
    assert refused.value.code == "bad_event"


def test_the_peer_of_a_refused_event_is_identified_by_its_session() -> None:
    raw = _raw(type="media")
    sender = sender_of(raw, CONTEXT)
    assert sender is not None
    assert (sender.peer_id, sender.type) == (peer_id_from("app", "janus-1", "7"), "media")
    assert sender_of(raw, CONTEXT) == sender
    for nobodys in (_raw(session_id=None), msgspec.Raw(b"{"), msgspec.Raw(b"[]")):
        assert sender_of(nobodys, CONTEXT) is None


@pytest.mark.parametrize(
    ("value", "id"),
    [
        (0, "0"),
        (2**64 - 1, str(2**64 - 1)),
        ("room-7", "room-7"),
        (2**64, None),
        (-1, None),
        (True, None),
        (1.5, None),
        ("", None),
        ([7], None),
    ],
)
def test_an_id_is_an_integer_or_a_text(value: object, id: str | None) -> None:
    assert id_of(value) == id


def test_a_peer_event_and_a_sample_have_their_own_ids() -> None:
    stated = _read(_raw())
    note = stated.note("describe", {"network": {"city": "Lisbon"}}, "room")
    assert (note.peer_id, note.meeting_id, note.at) == (stated.peer_id, "room", stated.at)
    assert note.data == {"network": {"city": "Lisbon"}}
    candidate = {"type": "local-candidate", "id": "l", "address": "203.0.113.9"}
    body = json.dumps({"connections": [{"id": "c", "stats": [candidate]}]}).encode()
    sample = sample_of(stated, decode_body(body))
    assert sample.sequence == stated.sequence
    assert len({stated.id, note.id, sample.id}) == 3
