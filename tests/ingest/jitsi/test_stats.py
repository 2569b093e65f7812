import json

from aftercall.core.events import PeerJoined
from aftercall.core.instants import EpochMs
from aftercall.ingest.jitsi import event_sync
from aftercall.ingest.jitsi.stats import StatsReader, read_frame
from aftercall.ingest.source import Context

NOW = EpochMs(1_795_262_400_000)


def joined_from_page(**identity: str) -> PeerJoined:
    data = ["identity", None, identity, NOW, 1]
    frame = {"statsSessionId": "s-1", "type": "identity", "data": data}
    facts = StatsReader("app", "s-1").read(read_frame(json.dumps(frame).encode()), NOW).facts
    (joined,) = (fact for fact in facts if isinstance(fact, PeerJoined))
    return joined


def joined_from_prosody(room: str) -> PeerJoined:
    body = {
        "event_name": "muc-occupant-joined",
        "room_jid": f"{room}@conference.meet.example.org",
        "room_name": room,
        "is_breakout": False,
        "occupant": {"occupant_jid": "ada@meet.example.org/1", "joined_at": NOW // 1_000},
    }
    facts = event_sync.translate(json.dumps(body).encode(), Context("app", NOW)).facts
    (joined,) = (fact for fact in facts if isinstance(fact, PeerJoined))
    return joined


def test_prosody_and_the_page_name_the_meeting_of_a_tenants_room_alike() -> None:
    page = joined_from_page(
        confName="daily@conference.acme.meet.example.org", confID="meet.example.org/acme/daily"
    )
    prosody = joined_from_prosody("[acme]daily")
    assert page.meeting_id == prosody.meeting_id
    assert page.meeting_title == prosody.meeting_title == "acme/daily"


def test_a_room_of_no_tenant_is_another_meeting_than_one_of_the_same_name() -> None:
    page = joined_from_page(
        confName="daily@conference.meet.example.org", confID="meet.example.org/daily"
    )
    assert page.meeting_id == joined_from_prosody("daily").meeting_id == "daily"
    assert page.meeting_id != joined_from_prosody("[acme]daily").meeting_id
