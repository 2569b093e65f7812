"""What holds for every source: one signature, one result, and no full address."""

import json
from typing import Any

import pytest

from aftercall.core.errors import Malformed
from aftercall.core.events import PeerEvent, SampleTaken
from aftercall.core.privacy import Privacy
from aftercall.web.intake.sources import ROUTES, IntakeRoute
from tests.ingest.translation import translate

NOW = 1_795_224_208_672
PEER = "57bbcb51-464d-446a-8713-6b90c1819f61"
ADDRESSES = ("203.0.113.77", "198.51.100.23", "2001:db8:77:88::99")
TEXT = f"host {ADDRESSES[0]}, [{ADDRESSES[2]}]:3478 and turn:{ADDRESSES[1]}:443"
CANDIDATES = [
    {
        "type": kind,
        "id": kind,
        "address": ADDRESSES[number],
        "relatedAddress": ADDRESSES[2],
        "url": f"turn:{ADDRESSES[1]}:443",
    }
    for number, kind in enumerate(("local-candidate", "remote-candidate"))
]
DATA = {
    "reason": TEXT,
    "inner": {"ip": ADDRESSES[0], "list": [ADDRESSES[1], TEXT]},
    ADDRESSES[0]: "as a member's name",
}


def _collector() -> Any:
    entries: list[dict[str, Any]] = [
        {"type": "describe", "network": DATA, "encoder": {"name": TEXT}},
        {"type": "event", "name": "ice_failed", "data": DATA},
        {"type": "sample", "connections": [{"id": "pc", "stats": CANDIDATES}]},
        # Decoded one by one, because of an invalid member.
        {"type": "sample", "connections": [{"id": "pc", "stats": CANDIDATES}], "page_hidden": 7},
        {"type": "event", "name": "Not A Name", "data": DATA},
    ]
    numbered = [{"seq": seq, "at": NOW, **entry} for seq, entry in enumerate(entries)]
    return {"v": 1, "peer_id": PEER, "sent_at": NOW, "entries": numbered}


def _events() -> Any:
    common = {"at": NOW, "meeting_id": "weekly", "peer_id": PEER}
    body = {"connections": [{"id": "pc", "stats": CANDIDATES}]}
    return {
        "events": [
            {**common, "type": "peer_noted", "name": "describe", "data": {"network": DATA}},
            {**common, "type": "peer_noted", "name": "note", "data": DATA},
            {**common, "type": "sample_taken", "sequence": 4, "sample": body},
            {**common, "type": "peer_noted", "name": "Not A Name", "data": DATA},
        ]
    }


def _callstats() -> Any:
    pair = {
        "nominated": True,
        "localCandidateId": "l",
        "localCandidateAddress": ADDRESSES[0],
        "localCandidateRelatedAddress": f"{ADDRESSES[2]}.0.0",
        "localCandidateUrl": f"turn:{ADDRESSES[1]}:443",
        "remoteCandidateId": "r",
        "remoteCandidateAddress": f"{ADDRESSES[2]}",
    }
    ping = {"producingTransportStats": {"transportId": "t", "stats": {"candidatePairs": [pair]}}}
    info = {"ipDetails": {"ip": ADDRESSES[0], "org": TEXT, "asn": {"name": TEXT}}}
    entries = [
        ("call_join", {"peerMetaData": {"sdkName": TEXT, "roomViewType": TEXT}}),
        ("precall_end", {"connectionInfo": info}),
        ("ping_stat", ping),
        ("some_event", {"text": TEXT, "peerIp": ADDRESSES[1]}),
        ("selected_camera_update", {"device": {"label": TEXT}}),
        ("not a name", {"text": TEXT}),
    ]
    listed = [{"event": event, "metaData": data, "timestamp": NOW} for event, data in entries]
    return {"peerId": PEER, "payload": {"entries": listed}}


def _janus() -> Any:
    candidates = {
        "local": {"address": ADDRESSES[0], "type": "host"},
        "remote": {"address": ADDRESSES[2], "type": "srflx"},
    }
    selected = {"selected-pair": f"{ADDRESSES[0]}:1 <-> {ADDRESSES[1]}:2", "candidates": candidates}
    room = {"room": 1, "id": 5}
    contents = [
        (16, selected),
        (16, {"ice": "failed", "reason": TEXT}),
        (32, {"media": "audio", "receiving": False, "note": TEXT}),
        (64, _room("published", streams=[{"type": "audio", "codec": TEXT}], **room)),
        (64, _room("configured", text=TEXT, **room)),
        (64, _room("leaving", room=1, id=TEXT)),
        (256, {}),
    ]
    return [
        {
            "emitter": f"janus at {ADDRESSES[0]}",
            "type": kind,
            "subtype": 2,
            "timestamp": NOW * 1_000,
            "session_id": 7,
            "handle_id": 9,
            "event": content,
        }
        for kind, content in contents
    ]


def _room(event: str, **data: Any) -> dict[str, Any]:
    return {"plugin": "janus.plugin.videoroom", "data": {"event": event, **data}}


def _livekit() -> Any:
    return {
        "event": "egress_ended",
        "id": "EV_1",
        "createdAt": str(NOW // 1_000),
        "egressInfo": {
            "egressId": "EG_1",
            "roomId": "RM_1",
            "roomName": "daily",
            "error": TEXT,
            "fileResults": [{"filename": f"{ADDRESSES[2]}.mp4"}],
        },
    }


def _bigbluebutton() -> Any:
    joined = {"ext_user_id": "ada", "joins": ["2026-09-21T14:13:30.000+00:00"], "leaves": []}
    poll = {"id": "p", "question": TEXT, "votes": {"ada": ADDRESSES[2]}}
    data = {"attendees": [joined], "polls": [poll], "finish": "2026-09-21T14:43:20.000+00:00"}
    return {"meeting_id": "algebra", "internal_meeting_id": "abc-1", "data": data}


def _jitsi() -> Any:
    occupant = {"occupant_jid": "a@b/c", "joined_at": NOW // 1_000, "name": TEXT}
    room = {"room_name": "catchup", "room_jid": "catchup@conference.example.org"}
    return {"event_name": "muc-occupant-left", **room, "occupant": occupant}


def _realtimekit() -> Any:
    meeting = {"id": "m-1", "sessionId": "s-1", "title": TEXT}
    participant = {"peerId": PEER, "userDisplayName": TEXT}
    return {
        "event": "meeting.participantLeft",
        "meeting": meeting,
        "participant": participant,
    }


WITHOUT_TEXTS = {"jitsi", "realtimekit"}
"""Sources whose facts hold no texts but the names of people and meetings."""

BODIES = {
    "bigbluebutton": _bigbluebutton,
    "jitsi": _jitsi,
    "realtimekit": _realtimekit,
    "livekit": _livekit,
    "collector": _collector,
    "events": _events,
    "realtimekit_callstats": _callstats,
    "janus": _janus,
}
every_source = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.source.SOURCE)


def _texts(route: IntakeRoute, privacy: Privacy) -> str:
    """All that is recorded of a body with addresses in it, apart from what people wrote."""
    body = json.dumps(BODIES[route.source.SOURCE]()).encode()
    found = translate(route.source, body, received_at=NOW, privacy=privacy)
    assert found.events and len(found.events) == len(found.positions)
    texts = [
        json.dumps(event.data) if isinstance(event, PeerEvent) else event.body.decode()
        for event in found.events
        if isinstance(event, PeerEvent | SampleTaken)
    ]
    return " ".join([*texts, *map(repr, found.departures), *(str(n.data) for n in found.notes)])


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.source.SOURCE not in WITHOUT_TEXTS],
    ids=lambda route: route.source.SOURCE,
)
def test_no_source_gives_a_full_address(route: IntakeRoute) -> None:
    """A source without a body here has addresses that no test checks."""
    whole = _texts(route, Privacy.FULL)
    assert all(address in whole for address in ADDRESSES)
    for privacy in (Privacy.TRUNCATE, Privacy.NONE):
        kept = _texts(route, privacy)
        assert not [address for address in ADDRESSES if address in kept]
    for network in ("203.0.113", "198.51.100", "2001:db8:77"):
        assert network in _texts(route, Privacy.TRUNCATE)
        assert network not in _texts(route, Privacy.NONE)


@every_source
def test_a_body_translated_twice_gives_the_same_facts(route: IntakeRoute) -> None:
    body = json.dumps(BODIES[route.source.SOURCE]()).encode()
    once, again = (translate(route.source, body, received_at=NOW) for _ in range(2))
    assert once == again


@every_source
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nonsense"])
def test_every_source_refuses_malformed_json_with_the_same_code(
    route: IntakeRoute, body: bytes
) -> None:
    with pytest.raises(Malformed) as refused:
        translate(route.source, body, received_at=NOW)
    assert refused.value.code == "bad_json"


def test_every_source_has_its_own_name_and_path() -> None:
    sources = {id(route.source): route.source.SOURCE for route in ROUTES}
    assert len(set(sources.values())) == len(sources)
    assert len({route.path for route in ROUTES}) == len(ROUTES)
