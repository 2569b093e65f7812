"""Of a person's facts states, times and numbers stay, and nothing that names or reaches anybody."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.erasure.facts import (
    addresses_in,
    erase_device,
    erase_event,
    erase_other_event,
    erase_other_sample,
    erase_own_sample,
    states_of,
)
from aftercall.core.erasure.mentions import KnownAs, PersonMentions

PSEUDONYM = "erased-5f1c02ab"
OWN, FAR = "203.0.113.77", "198.51.100.9"
KNOWN = KnownAs(pseudonym=PSEUDONYM, names=["Ada Quux"], ids=["u-1"], addresses=[OWN])


def report(*stats: dict[str, Any], streams: list[dict[str, Any]] | None = None) -> bytes:
    body: dict[str, Any] = {"connections": [{"id": "pc", "stats": list(stats)}]}
    return msgspec.json.encode(body | ({} if streams is None else {"streams": streams}))


LOCAL = {"type": "local-candidate", "id": "L", "address": OWN, "relatedAddress": "10.0.0.2"}
REMOTE = {"type": "remote-candidate", "id": "R", "address": FAR, "url": "turn:quux.example"}
RTP = {"type": "outbound-rtp", "id": "O", "packetsSent": 7}


def test_the_own_report_keeps_its_counters_and_loses_its_addresses() -> None:
    erased = erase_own_sample(report(LOCAL, REMOTE, RTP), KNOWN)
    stats = msgspec.json.decode(erased)["connections"][0]["stats"]
    assert stats == [
        {"type": "local-candidate", "id": "L"},
        {"type": "remote-candidate", "id": "R"},
        RTP,
    ]


def test_the_report_of_another_loses_only_the_address_of_the_person() -> None:
    theirs = {**REMOTE, "address": OWN}
    stats = msgspec.json.decode(erase_other_sample(report(LOCAL, REMOTE, theirs), KNOWN))
    local, other, person = stats["connections"][0]["stats"]
    assert (local, other) == (LOCAL, REMOTE)
    assert person == {"type": "remote-candidate", "id": "R"}


def test_ids_of_the_person_in_stream_tags_become_the_pseudonym() -> None:
    body = report(RTP, streams=[{"peer_id": "u-1", "track_id": "t-9"}])
    assert msgspec.json.decode(erase_other_sample(body, KNOWN))["streams"] == [
        {"peer_id": PSEUDONYM, "track_id": "t-9"}
    ]


@pytest.mark.parametrize("erase", [erase_own_sample, erase_other_sample])
@pytest.mark.parametrize(
    "body", [report(RTP), b"{}", b"[]", b'{"connections":null,"streams":null}']
)
def test_a_report_without_anything_of_the_person_is_the_same_object(
    erase: Any, body: bytes
) -> None:
    assert erase(body, KNOWN) is body


def test_only_local_candidates_tell_the_addresses_of_the_person() -> None:
    assert addresses_in(report(LOCAL, REMOTE, {**LOCAL, "address": ""})) == {OWN, "10.0.0.2"}


def test_a_description_keeps_what_is_known_to_name_nobody() -> None:
    data = {
        "browser": {"name": "Firefox", "user_agent": "of Ada"},
        "device": {"os": "Linux", "model": "Ada's phone"},
        "network": {"ip": OWN, "city": "Quuxville", "country": "DE"},
        "precall": {"rtt_s": 0.05, "sdp": ["c=IN IP4"], "effective_type": "4g"},
        "room_view_type": "GROUP_CALL",
        "nickname": "Ada",
    }
    assert erase_event("describe", data, PSEUDONYM) == {
        "browser": {"name": "Firefox"},
        "device": {"os": "Linux"},
        "network": {"country": "DE"},
        "precall": {"rtt_s": 0.05, "effective_type": "4g"},
        "room_view_type": "GROUP_CALL",
    }


def test_a_device_keeps_its_kind_and_an_id_that_differs_in_every_session() -> None:
    device = {"kind": "audioinput", "device_id": "d-1", "label": "Ada's AirPods"}
    kept = erase_device(device, PSEUDONYM)
    assert set(kept) == {"kind", "device_id"}
    assert kept == erase_device(device, PSEUDONYM)
    assert kept["device_id"] not in ("d-1", erase_device(device, "erased-0")["device_id"])
    odds: list[Any] = [None, "text", [], {"kind": 3}]
    for odd in odds:
        assert erase_device(odd, PSEUDONYM) == {}


@given(
    st.dictionaries(
        st.text(max_size=12), st.one_of(st.none(), st.booleans(), st.integers(), st.text())
    )
)
def test_no_text_of_an_event_stays_but_its_states(data: dict[str, Any]) -> None:
    kept = states_of({**data, "state": "sent", "comment": "Ada here", "lat": 52.5})
    assert kept["state"] == "sent"
    assert {"comment", "lat"}.isdisjoint(kept)
    texts = {name for name, value in kept.items() if isinstance(value, str)}
    assert texts <= {"state", *states_of(dict.fromkeys(data, "x"))}


def test_mentions_in_the_event_of_another_are_replaced_at_any_depth() -> None:
    data = {"who": "Ada Quux", "seen": [{"by": "u-1"}], "state": "Ada Quux", "loud": 3}
    assert erase_other_event(data, PersonMentions(KNOWN)) == {
        "who": "Erased 5f1c02ab",
        "seen": [{"by": PSEUDONYM}],
        "state": "Ada Quux",
        "loud": 3,
    }
