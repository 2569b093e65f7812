"""A recorded call in which one person can be found in every place that a database has for it."""

from typing import Any, Final

import msgspec

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    EgressReported,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SampleTaken,
    SessionClosed,
)
from aftercall.core.instants import EpochMs
from aftercall.core.records import Meeting, MeetingStatus
from aftercall.service.recording.delivery import Status
from aftercall.store import meetings
from tests.core.quality.synthetic_call import FINE, Call, PeerConditions, always, between
from tests.web.rest_server import ApiClient, RestServer

CUSTOM: Final = "crm-zebulon-4711"
NAME: Final = "Zebulon Quux"
USER: Final = "u-zebulon-4711"
PICTURE: Final = "https://pics.example/zebulon.png"
ADDRESS: Final = "203.0.113.77"
DEVICE: Final = "Zebulon's AirPods"
TEXTS: Final = ("xylophones are my secret", "quokkas will decide this on Friday")

SEEDS: Final = (
    CUSTOM,
    NAME,
    NAME.lower(),
    "Zebulon",
    "zebulon",
    "Quux",
    "quux",
    USER,
    PICTURE,
    ADDRESS,
    DEVICE,
    "xylophones",
    "quokkas",
)
"""What must be nowhere once the person is erased."""

OTHERS: Final = {"bea": "Bea Mertens", "cyd": "Cyd Ohm"}
TITLE: Final = f"Review with {NAME}"


def lossy_call(minutes: float = 3) -> Call:
    """The person (`ada` in the synthetic call) loses an eighth of what is sent for a minute."""
    bad = between(30, 120, PeerConditions(up_loss=0.12))
    return Call({"ada": bad, "bea": always(FINE), "cyd": always(FINE)}, minutes=minutes)


async def record_call(
    server: RestServer,
    owner: ApiClient,
    *,
    session_id: str = "call",
    meeting_id: str = "weekly",
    call: Call | None = None,
    is_over: bool = True,
    custom: str | None = CUSTOM,
) -> Call:
    """Record the call through the recorder, with talk and events; closed if `is_over`."""
    call = call or lossy_call()
    start = call.facts("ada").samples[0].at - 1_000
    server.clock.now = EpochMs(call.end_at + 1_000)
    meeting = Meeting(
        app_id=owner.app_id,
        id=meeting_id,
        title=TITLE,
        status=MeetingStatus.ACTIVE,
        keep_alive_s=60,
        settings={"summarize_on_end": True},
        created_at=EpochMs(start),
        updated_at=EpochMs(start),
    )
    async with server.services.recorder._db.write() as tx:
        await meetings.save_meeting(tx, meeting)
    place = {"meeting_id": meeting_id, "session_id": session_id}
    events: list[AnyEvent] = []
    for name in ("ada", "bea", "cyd"):
        events += _presence(session_id, name, place, call, EpochMs(start), custom, is_over=is_over)
    events += _talk(session_id, place, EpochMs(start))
    events.append(_recording(session_id, place, EpochMs(start)))
    if is_over:
        events.append(SessionClosed(id=f"{session_id} closed", at=EpochMs(call.end_at), **place))
    for first in range(0, len(events), 200):
        outcomes = await server.recorder.record(
            owner.app_id, events[first : first + 200], source="collector"
        )
        assert all(each.status is Status.ACCEPTED for each in outcomes), outcomes
    return call


def peer_id(session_id: str, name: str) -> str:
    return f"{session_id}-{name}"


def _presence(
    session_id: str,
    name: str,
    place: dict[str, Any],
    call: Call,
    start: EpochMs,
    custom: str | None,
    *,
    is_over: bool,
) -> list[AnyEvent]:
    peer, is_person = peer_id(session_id, name), name == "ada"
    identity = Identity(
        user_id=USER if is_person else f"user {name}",
        custom_participant_id=custom if is_person else f"custom {name}",
        display_name=NAME if is_person else OTHERS[name],
        picture=PICTURE if is_person else None,
        preset_name="group_call_host",
    )
    events: list[AnyEvent] = [
        PeerJoined(
            id=f"{peer} joined",
            at=start,
            peer_id=peer,
            identity=identity,
            interval_ms=7_000,
            **place,
        ),
        *(
            SampleTaken(
                id=f"{peer} sample {sample.sequence}",
                at=sample.at,
                peer_id=peer,
                sequence=sample.sequence,
                body=_with_candidates(sample.body, is_person=is_person),
            )
            for sample in call.facts(name).samples
        ),
        *_events(peer, start, is_person=is_person),
    ]
    if is_over:
        events.append(PeerLeft(id=f"{peer} left", at=EpochMs(call.end_at - 500), peer_id=peer))
    return events


def _recording(session_id: str, place: dict[str, Any], start: EpochMs) -> EgressReported:
    return EgressReported(
        id=f"{session_id} recorded",
        at=start,
        kind=EgressKind.RECORDING,
        egress_id=f"{session_id}-recording",
        status=EgressStatus.COMPLETE,
        texts={"file_name": f"{NAME}.mp4", "download_url": "https://files.test/zebulon.mp4"},
        **place,
    )


def _with_candidates(body: bytes, *, is_person: bool) -> bytes:
    """The report with a candidate pair: the person's own address, or in the others' reports the
    person's as the remote one."""
    report: dict[str, Any] = msgspec.json.decode(body)
    own, far = (ADDRESS, "198.51.100.9") if is_person else ("192.0.2.5", ADDRESS)
    report["connections"][0]["stats"] += [
        {
            "type": "local-candidate",
            "id": "L",
            "candidateType": "host",
            "address": own,
            "port": 5000,
            "networkType": "wifi",
        },
        {"type": "remote-candidate", "id": "R", "address": far, "port": 6000},
        {
            "type": "candidate-pair",
            "id": "P",
            "localCandidateId": "L",
            "remoteCandidateId": "R",
            "nominated": True,
            "state": "succeeded",
        },
    ]
    return msgspec.json.encode(report)


def _events(peer: str, start: EpochMs, *, is_person: bool) -> list[AnyEvent]:
    def event(name: str, seconds: int, data: dict[str, Any]) -> AnyEvent:
        at = EpochMs(start + 1_000 * seconds)
        return PeerEvent(id=f"{peer} {name}", at=at, peer_id=peer, name=name, data=data)

    if not is_person:
        return [event("heard", 20, {"who": NAME, "loud": 3})]
    microphone = {"device_id": "device-1", "kind": "audioinput", "label": DEVICE}
    return [
        event(
            "describe",
            1,
            {
                "browser": {"name": "Firefox", "version": "140", "user_agent": f"UA of {NAME}"},
                "device": {"os": "Linux", "is_mobile": False},
                "network": {
                    "ip": ADDRESS,
                    "city": "Quuxville",
                    "country": "DE",
                    "org": "Zebulon AG",
                },
                "precall": {"rtt_s": 0.05, "sdp": [f"c=IN IP4 {ADDRESS}"]},
            },
        ),
        event("audio_devices_updates", 2, {"devices": [microphone]}),
        event("selected_microphone_update", 29, {"device": microphone}),
        event("feedback", 60, {"rating": 4, "comment": f"{NAME} here: bad", "state": "sent"}),
    ]


def _talk(session_id: str, place: dict[str, Any], start: EpochMs) -> list[AnyEvent]:
    own = peer_id(session_id, "ada")
    other = peer_id(session_id, "bea")

    def chat(number: int, peer: str, user: str, name: str, text: str) -> AnyEvent:
        at = EpochMs(start + 1_000 * (40 + number))
        return ChatSent(
            id=f"{session_id} chat {number}",
            at=at,
            peer_id=peer,
            user_id=user,
            display_name=name,
            payload=text,
            revised_at=at,
            **place,
        )

    def line(number: int, peer: str, name: str, text: str) -> AnyEvent:
        at = EpochMs(start + 1_000 * (50 + 4 * number))
        return LineSpoken(
            id=f"{session_id} line {number}",
            at=at,
            peer_id=peer,
            display_name=name,
            end_at=EpochMs(at + 2_000),
            text=text,
            **place,
        )

    return [
        chat(1, own, USER, NAME, TEXTS[0] + ", and that in a text long enough to be packed " * 3),
        chat(2, other, "user bea", OTHERS["bea"], f"thank you Zebulon, and {NAME.lower()} too"),
        chat(3, other, "user bea", OTHERS["bea"], "the budget is fine"),
        line(1, own, NAME, TEXTS[1] + " because we decided that the budget of the project is due"),
        line(2, other, OTHERS["bea"], f"We decided with {NAME} that the budget will be cut."),
        line(3, other, OTHERS["bea"], "Cyd will send the budget of the project on Monday."),
    ]
