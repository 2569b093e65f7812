"""Bodies of sources in which a member is missing or is anything at all: read or refused, and what
is read can be stored."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aftercall.core.errors import Malformed
from aftercall.core.events import AnyEvent
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.ingest.bigbluebutton import source as bigbluebutton
from aftercall.ingest.janus import source as janus
from aftercall.ingest.jitsi import event_sync as jitsi
from aftercall.ingest.jitsi.stats import StatsReader, read_frame
from aftercall.ingest.livekit import source as livekit
from aftercall.ingest.realtimekit_webhooks import source as realtimekit
from aftercall.ingest.redaction import redact, redact_departure
from aftercall.ingest.source import Context, Source

NOW = EpochMs(1_795_300_000_000)
SAMPLES = Path(__file__).parents[1] / "samples"
INT64 = 2**63
ANYTHING: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**30, 1.5, -1e308, "", "0", "-1", "9" * 40, "9" * 5_000, "1e5",
    "\u00b2", "\uff12", "\0a", "\ud800", "x" * 3_000, [], [None], [[]], {}, {"a": {}},
    "2026-13-45T99:99:99Z", "1795224208", 1_795_224_208_000, 5, "5",
)  # fmt: skip


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(min(len(value), 2))
        for key in keys:
            yield (*place, key)
            yield from _places(value[key], (*place, key))


def _spoilt(body: Any) -> Iterator[Any]:
    for place in _places(body):
        for value in ANYTHING:
            spoilt = copy.deepcopy(body)
            inside = spoilt
            for key in place[:-1]:
                inside = inside[key]
            inside[place[-1]] = value
            yield spoilt
        del inside[place[-1]]
        yield spoilt


def _of_livekit() -> list[Any]:
    found = json.loads((SAMPLES / "livekit" / "livekit-webhooks.json").read_text())["deliveries"]
    bodies = [json.loads(each["body"]) for each in found]
    return list({body["event"]: body for body in bodies}.values())


def _of_jitsi() -> list[Any]:
    requests = json.loads((SAMPLES / "jitsi" / "jitsi-event-sync.json").read_text())["requests"]
    bodies = [json.loads(each["body"]) for each in requests]
    return list({body["event_name"]: body for body in bodies}.values())


_MEETING = {"id": "m-1", "sessionId": "s-1", "title": "Weekly"}
_WHO = {
    "peerId": "p-1", "userDisplayName": "Ada", "customParticipantId": "ada",
    "joinedAt": "2026-09-21T14:00:00.000Z", "leftAt": "2026-09-21T14:09:00.000Z",
}  # fmt: skip
_RECORDING = {
    "recordingId": "r-1", "status": "UPLOADED", "roomUUID": "s-1", "fileSize": 5,
    "recordingDuration": 50, "startedTime": "2026-09-21T14:00:00.000Z",
    "stoppedTime": "2026-09-21T14:09:00.000Z", "downloadUrl": "https://example.com/a.mp4",
}  # fmt: skip
_OF_REALTIMEKIT = [
    {"event": "meeting.participantLeft", "meeting": _MEETING, "participant": _WHO},
    {"event": "recording.statusUpdate", "meeting": _MEETING, "recording": _RECORDING},
]
_VISIT = {"joins": [{"timestamp": 1_795_224_208_000}], "lefts": [{"timestamp": 1_795_224_308_000}]}
_OF_BIGBLUEBUTTON = [
    {
        "meeting_id": "algebra", "internal_meeting_id": "i-1",
        "data": {
            "metadata": {"meeting_name": "Algebra"}, "finish": "2026-11-21T02:10:00.000+00:00",
            "attendees": [
                {
                    "ext_user_id": "bob", "name": "Bob", "sessions": {"w_1": _VISIT},
                    "engagement": {"chats": 1, "talk_time": 5},
                }
            ],
            "polls": [{"id": "p", "start": 1_795_224_208_000, "votes": {"bob": "A"}}],
        },
    },
    {
        "data": {
            "type": "event", "id": "poll-responded", "event": {"ts": 1_795_224_208_000},
            "attributes": {
                "meeting": {"internal-meeting-id": "i-1", "external-meeting-id": "algebra"},
                "user": {"internal-user-id": "w_1", "external-user-id": "bob"},
                "poll": {"id": "p", "answer-ids": [1]},
            },
        }
    },
]  # fmt: skip
_OF_JANUS = [
    [
        {
            "emitter": "j", "type": 64, "timestamp": 1_795_224_208_672_000, "session_id": 1,
            "handle_id": 7,
            "event": {
                "plugin": "janus.plugin.videoroom",
                "data": {"event": "joined", "room": 1234, "id": 5, "display": "Ada"},
            },
        },
        {
            "emitter": "j", "type": 32, "timestamp": 1_795_224_218_672_000, "session_id": 1,
            "handle_id": 7,
            "event": {"media": "video", "base": 90_000, "lost": 1, "packets-received": 9},
        },
    ]
]  # fmt: skip


def _check_storable(facts: list[AnyEvent]) -> None:
    for fact in facts:
        msgspec.json.encode(fact)
        for name in fact.__struct_fields__:
            value = getattr(fact, name)
            if isinstance(value, int):
                assert -INT64 <= value < INT64, (name, value)


@pytest.mark.parametrize(
    ("source", "bodies"),
    [
        (livekit, _of_livekit()),
        (jitsi, _of_jitsi()),
        (realtimekit, _OF_REALTIMEKIT),
        (bigbluebutton, _OF_BIGBLUEBUTTON),
        (janus, _OF_JANUS),
    ],
    ids=["livekit", "jitsi", "realtimekit", "bigbluebutton", "janus"],
)
def test_a_spoilt_body_is_read_or_refused(source: Source, bodies: list[Any]) -> None:
    read = 0
    for spoilt in (each for body in bodies for each in _spoilt(body)):
        try:
            found = source.translate(json.dumps(spoilt).encode(), Context("app", NOW))
        except Malformed:
            continue
        read += 1
        _check_storable(redact([*found.facts, *found.notes], Privacy.FULL))
        for departure in found.departures:
            redact_departure(departure, Privacy.FULL)
    assert read > 0


def test_a_spoilt_frame_is_read_or_refused() -> None:
    entry = ["identity", None, {"confName": "daily@conference.example.org"}, NOW, 1]
    report = {"A": {"timestamp": NOW, "type": "inbound-rtp", "packetsReceived": 5}}
    sample = ["getstats", "PC_0", report, NOW, 2]
    for data in (entry, sample):
        frame = {"statsSessionId": "s", "type": "stats-entry", "data": data}
        for spoilt in _spoilt(frame):
            reader = StatsReader("app", "s")
            try:
                read = reader.read(read_frame(json.dumps(spoilt).encode()), NOW)
            except Malformed:
                continue
            _check_storable(redact(read.facts, Privacy.FULL))
