"""Facts are written as lines, and lines are read as the same facts or refused."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    AnyEvent,
    Identity,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SampleTaken,
    SessionClosed,
)
from aftercall.core.fact_lines import decode_fact, encode_fact
from aftercall.core.instants import EpochMs

SESSION, PEER = str(UUID(int=1)), str(UUID(int=2))
AT = EpochMs(1_795_000_000_000)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _read(line: bytes) -> Any:
    return msgspec.json.decode(line)


@given(name=TEXTS, text=TEXTS, seconds=st.integers(0, 10**6))
def test_a_fact_is_read_as_it_was_written(name: str, text: str, seconds: int) -> None:
    place: dict[str, Any] = {"id": "f", "session_id": SESSION, "peer_id": PEER}
    at = EpochMs(AT + 1_000 * seconds)
    identity = Identity(custom_participant_id=text or None, display_name=name)
    facts: list[AnyEvent] = [
        PeerJoined(**place, at=at, identity=identity, meeting_id="daily"),
        PeerEvent(**place, at=at, name="note", data={"text": text, "nested": {"n": seconds}}),
        PeerLeft(**place, at=at),
        SessionClosed(id="f", at=at, session_id=SESSION, meeting_id="daily"),
    ]
    for fact in facts:
        found = decode_fact(_read(encode_fact(fact, "jitsi")))
        assert (found.source, found.fact) == ("jitsi", fact)


def test_a_samples_body_is_written_as_it_is_and_read_apart() -> None:
    sample = SampleTaken(
        id="s", at=AT, session_id=SESSION, peer_id=PEER, sequence=7, body=b'{"connections":[]}'
    )
    line = _read(encode_fact(sample, "collector"))
    assert line[2]["body"] == {"connections": []}
    assert decode_fact(line).fact == msgspec.structs.replace(sample, body=b"")


GOOD = _read(encode_fact(PeerLeft(id="f", at=AT, session_id=SESSION, peer_id=PEER), "jitsi"))


@pytest.mark.parametrize(
    "line",
    [
        None,
        7,
        [],
        ["PeerLeft", "jitsi"],
        ["Unheard", "jitsi", GOOD[2]],
        [["PeerLeft"], "jitsi", GOOD[2]],
        ["PeerLeft", 7, GOOD[2]],
        ["PeerLeft", "x" * 257, GOOD[2]],
        ["PeerLeft", "jitsi", None],
        ["PeerLeft", "jitsi", {**GOOD[2], "at": 5}],
        ["PeerLeft", "jitsi", {**GOOD[2], "at": "now"}],
        ["PeerLeft", "jitsi", {**GOOD[2], "id": "x" * 257}],
        ["PeerLeft", "jitsi", {**GOOD[2], "peer_id": "../etc"}],
        ["PeerLeft", "jitsi", {**GOOD[2], "session_id": "7"}],
        ["PeerLeft", "jitsi", {**GOOD[2], "session_id": None}],
        ["SampleTaken", "jitsi", {**GOOD[2], "sequence": "first"}],
    ],
)
def test_a_line_that_is_no_fact_is_refused(line: Any) -> None:
    with pytest.raises(Malformed) as refused:
        decode_fact(line)
    assert refused.value.code == "bad_fact"
