"""RealtimeKit's answers, as the vendor's own samples write them, read as sessions."""

import json
from typing import Any

import msgspec
import pytest

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.records import LeaveReason, MessageKind, ViewType
from aftercall.wire.realtimekit_import.answers import decode_answers
from aftercall.wire.realtimekit_import.read import FetchedSession, link_in, read_fetched, read_list

NOON = EpochMs(1_795_262_400_000)
SESSION: dict[str, Any] = {
    "id": "s-1",
    "associated_id": "m-1",
    "meeting_display_name": "Weekly",
    "status": "ENDED",
    "type": "meeting",
    "minutes_consumed": 12.5,
    "max_concurrent_participants": 2,
    "created_at": "2026-11-21T12:00:00.010Z",
    "started_at": "2026-11-21T12:00:00.000Z",
    "ended_at": "2026-11-21T12:10:00.000Z",
    "updated_at": "2026-11-21T12:10:00.020Z",
}
ROW: dict[str, Any] = {
    "id": "p-1",
    "user_id": "u-1",
    "display_name": "Ada",
    "joined_at": "2026-11-21T12:00:00.000Z",
    "left_at": "2026-11-21T12:10:00.000Z",
    "duration": 10,
}
REPORT: dict[str, Any] = {
    "metadata": {
        "device_info": {"os": "macOS", "cpus": 8, "is_mobile": False},
        "browser_metadata": {
            "browser": "Chrome",
            "browser_version": "130.0",
            "webgl_support": None,
        },
        "ip_information": {"city": "Lisbon", "ipv4": "192.0.2.7", "asn": {"asn": "AS1"}},
        "events": [
            {"name": "audio_on", "timestamp": "2026-11-21T12:00:01.000Z", "metadata": {"a": [1]}}
        ],
    },
    "quality": {
        "audio_consumer": [{"timestamp": "2026-11-21T12:00:07.000Z", "mos_quality": 0.9}],
        "audio_consumer_cumulative": {"packet_loss": {"avg": 1.5}},
    },
}


def _body(data: Any) -> bytes:
    return json.dumps({"success": True, "data": data}).encode()


def _fetched(
    session: dict[str, Any] | None = None, row: dict[str, Any] | None = None, **more: Any
) -> FetchedSession:
    listed = {"participants": [row or ROW]}
    given: dict[str, Any] = {
        "details": _body(session or SESSION),
        "pages": [_body(listed)],
        "participants": {},
        "reports": {"p-1": _body({"participant": {**ROW, "peer_report": REPORT}})},
    }
    return FetchedSession(**(given | more))


def test_documented_members_alone_are_a_session() -> None:
    found = read_fetched(_fetched(), "app", NOON)
    session = found.session
    assert (session.app_id, session.title, session.total_participants) == ("app", "Weekly", 1)
    assert session.minutes_by_view == {ViewType.GROUP_CALL: 12.5}
    (peer,) = found.peers
    assert (peer.id, peer.left_reason) == ("p-1", LeaveReason.SAID)


def test_the_first_generation_has_the_session_in_a_member() -> None:
    found = read_fetched(_fetched(details=_body({"session": SESSION})), "app", NOON)
    assert found.session.id == "s-1"


def test_peer_events_are_the_connections() -> None:
    times = {"PEER_CREATED": 0, "PEER_JOINING": 1, "PEER_LEAVING": 2}
    events = [
        {
            "peer_id": peer,
            "event_name": name,
            "created_at": f"2026-11-21T12:0{minute + shift}:00.000Z",
        }
        for peer, minute in (("one", 0), ("two", 4))
        for name, shift in times.items()
    ]
    found = read_fetched(_fetched(row={**ROW, "peer_events": events}), "app", NOON)
    first, second = found.peers
    assert (first.first_heard_at - NOON, first.joined_at, first.left_at) == (
        0,
        NOON + 60_000,
        NOON + 120_000,
    )
    assert (second.previous_peer_id, second.participant_id) == ("one", "p-1")


def test_a_report_gives_figures_and_keeps_its_own_words() -> None:
    report = read_fetched(_fetched(), "app", NOON).reports["p-1"]
    verdict = report.verdict
    assert verdict.metadata.browser.name == "Chrome"
    assert verdict.metadata.network.city == "Lisbon"
    assert verdict.metadata.happenings[0].data == {}
    assert verdict.cumulative["audio_consumer"].packet_loss.avg == 1.5
    members = decode_answers(report.answers).report_members(frozenset(), report.rows)
    assert json.loads(msgspec.json.encode(members["peer_report"])) == REPORT


def test_a_filter_keeps_its_parts_alone() -> None:
    report = read_fetched(_fetched(), "app", NOON).reports["p-1"]
    answers = decode_answers(report.answers)
    members = answers.report_members(frozenset({"device_info"}), report.rows)["peer_report"]
    assert members.keys() == {"metadata"}
    assert members["metadata"].keys() == {"device_info", "browser_metadata"}


@pytest.mark.parametrize(
    "change",
    [
        {"status": "LIVE"},
        {"id": "../x"},
        {"ended_at": None},
        {"associated_id": 7},
        {"started_at": "yesterday"},
    ],
)
def test_a_session_that_has_not_ended_or_has_no_id_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_fetched(_fetched({**SESSION, **change}), "app", NOON)


@pytest.mark.parametrize("report", [b"", b"[]", b"{", b'{"data":7}', b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_report_is_refused(report: bytes) -> None:
    with pytest.raises(Malformed):
        read_fetched(_fetched(reports={"p-1": report}), "app", NOON)


def test_chat_of_the_vendor_is_csv_with_quoted_lines() -> None:
    chat = (
        "id,participantId,sessionId,meetingId,displayName,pinned,isEdited,payloadType,payload,"
        'createdAt\nc1,u-1,s-1,m-1,Ada,true,false,TEXT_MESSAGE,"one\ntwo, ""three""",'
        "2026-11-21T12:01:00.000Z\nc2,u-1,s-1,m-1,Ada,false,true,IMAGE_MESSAGE,http://x,\n"
    )
    first, second = read_fetched(_fetched(chat=chat.encode()), "app", NOON).messages
    assert (first.payload, first.is_pinned, first.user_id) == ('one\ntwo, "three"', True, "u-1")
    assert (second.kind, second.is_edited, second.at) == (MessageKind.IMAGE, True, NOON)


def test_a_transcript_is_json_or_csv() -> None:
    csv = b'"1500","p-1","u-1","ada","Ada","Hello"\n"x","","","","",""\n'
    sentence = {"startTime": 1500, "endTime": 2500, "sentence": "Hello"}
    sentence["peerData"] = {"id": "p-1", "userId": "u-1", "displayName": "Ada", "cpi": "ada"}
    as_json = json.dumps([sentence]).encode()
    for file, end in ((csv, 1500), (as_json, 2500)):
        line = read_fetched(_fetched(transcript=file), "app", NOON).lines[0]
        assert (line.start_at, line.end_at, line.text) == (NOON + 1500, NOON + end, "Hello")
        assert (line.peer_id, line.custom_participant_id) == ("p-1", "ada")


def test_lists_name_ended_sessions_and_how_many_there_are() -> None:
    live = {**SESSION, "id": "s-2", "status": "LIVE"}
    body = {"success": True, "data": {"sessions": [SESSION, live, 7]}, "paging": {"total_count": 9}}
    listed, total = read_list(json.dumps(body).encode())
    assert ([each.id for each in listed], total) == (["s-1"], 9)


def test_links_have_one_name_for_each_kind() -> None:
    assert link_in(_body({"summaryDownloadUrl": "https://x"})) == "https://x"
    assert link_in(_body({})) is None
