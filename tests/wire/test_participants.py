"""Participants on the wire: bodies, peer events, and the query."""

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Page, ParticipantOrder, ParticipantQuery
from aftercall.core.quality.report.fold import PeerFacts, fold
from aftercall.core.records import LeaveReason, Participant, Peer, ReportShape
from aftercall.wire.participants import (
    FILTERS,
    encode_participant,
    encode_participant_details,
    encode_participant_list,
    encode_peer_events,
    encode_peer_report_details,
    read_participant_query,
)
from aftercall.wire.peer_report.report import wants_quality

START = EpochMs(1_795_262_400_000)

ROW = Participant(
    app_id="app-1",
    session_id="session-1",
    id="peer-1",
    user_id="user-1",
    custom_participant_id="crm-7",
    display_name="Ana",
    preset_name="group_call_host",
    joined_at=START,
    left_at=EpochMs(START + 348_580),
    duration_minutes=5.8097,
    created_at=START,
    updated_at=EpochMs(START + 348_580),
)

PEER = Peer(
    app_id="app-1",
    session_id="session-1",
    meeting_id="meeting-1",
    id="peer-1",
    participant_id="peer-1",
    source="collector",
    interval_ms=7_000,
    joined_at=START,
    first_heard_at=EpochMs(START + 500),
    last_heard_at=EpochMs(START + 348_580),
    last_received_at=EpochMs(START + 348_580),
    left_at=EpochMs(START + 348_580),
    left_reason=LeaveReason.SAID,
    created_at=START,
    updated_at=EpochMs(START + 348_580),
)

ROW_BODY: dict[str, Any] = {
    "id": "peer-1",
    "user_id": "user-1",
    "custom_participant_id": "crm-7",
    "display_name": "Ana",
    "picture": None,
    "preset_name": "group_call_host",
    "role": "group_call_host",
    "session_id": "session-1",
    "joined_at": "2026-11-21T12:00:00.000Z",
    "left_at": "2026-11-21T12:05:48.580Z",
    "left_at_inferred": False,
    "duration": 5.8097,
    "created_at": "2026-11-21T12:00:00.000Z",
    "updated_at": "2026-11-21T12:05:48.580Z",
}


def _json(body: Any) -> Any:
    return json.loads(msgspec.json.encode(body))


def test_a_participant_without_events_has_no_peer_events_member() -> None:
    assert _json(encode_participant(ROW, None)) == ROW_BODY


def test_a_present_participant_has_left_at_null() -> None:
    assert _json(encode_participant(replace(ROW, left_at=None), None))["left_at"] is None


def test_peer_events_have_the_times_of_join_and_leave() -> None:
    created, joining, leaving = _json(encode_participant(ROW, [PEER]))["peer_events"]
    assert [e["event_name"] for e in (created, joining, leaving)] == [
        "PEER_CREATED",
        "PEER_JOINING",
        "PEER_LEAVING",
    ]
    assert created["created_at"] == joining["created_at"] == "2026-11-21T12:00:00.000Z"
    assert leaving["created_at"] == leaving["updated_at"] == "2026-11-21T12:05:48.580Z"
    assert (joining["minutes_consumed"], leaving["minutes_consumed"]) == (0.0, 5.8097)
    assert leaving["peer_id"] == leaving["participant_id"] == "peer-1"
    assert leaving["session_id"] == "session-1"
    assert leaving["socket_session_id"] is None
    assert leaving["preset_view_type"] == "GROUP_CALL"


def test_ids_of_peer_events_are_stable_and_distinct() -> None:
    once = [event.id for event in encode_peer_events([PEER])]
    assert once == [event.id for event in encode_peer_events([PEER])]
    other = [event.id for event in encode_peer_events([replace(PEER, id="peer-2")])]
    assert len({*once, *other}) == 6


def test_events_of_several_peers_are_in_order_of_time() -> None:
    second = replace(
        PEER, id="peer-2", joined_at=EpochMs(START + 1_000), first_heard_at=EpochMs(START + 1_000)
    )
    events = encode_peer_events([second, PEER])
    assert [event.created_at for event in events] == sorted(event.created_at for event in events)


def test_a_peer_without_a_join_event_joined_at_its_first_report() -> None:
    joining = encode_peer_events([replace(PEER, joined_at=None, left_at=None)])[1]
    assert joining.created_at == "2026-11-21T12:00:00.500Z"


def test_a_list_states_its_offsets_and_total() -> None:
    page: Page[Participant] = Page(items=[ROW], offset=0, total=1)
    assert _json(encode_participant_list(page, None)) == {
        "participants": [ROW_BODY],
        "paging": {"total_count": 1, "start_offset": 1, "end_offset": 1},
    }


def test_a_participant_without_peers_has_an_empty_list_of_events_on_request() -> None:
    page: Page[Participant] = Page(items=[ROW], offset=0, total=1)
    body = _json(encode_participant_list(page, {}))
    assert body["participants"][0]["peer_events"] == []


FOLDED = fold([PeerFacts(peer=PEER, samples=[], events=[])], PEER.updated_at)


def _details(*filters: str) -> Any:
    chosen = frozenset(filters)
    receptions = FOLDED.details.receptions if wants_quality(chosen) else None
    return _json(encode_participant_details(ROW, None, FOLDED.verdict, receptions, filters=chosen))


def _report(*filters: str, shape: ReportShape = ReportShape.BOTH) -> Any:
    chosen = frozenset(filters)
    receptions = FOLDED.details.receptions if wants_quality(chosen) else None
    pieces = encode_peer_report_details(
        ROW, [], FOLDED.verdict, receptions, FOLDED.details.rows, filters=chosen, shape=shape
    )
    body = json.loads(b"".join(bytes(piece) for piece in pieces))
    assert body["success"] is True and "result" not in body
    return body["data"]


def test_details_include_the_older_call_statistics() -> None:
    participant = _details()["participant"]
    assert participant.items() >= ROW_BODY.items()
    assert participant.keys() - ROW_BODY.keys() == {"peer_stats", "quality_stats"}
    assert [one["peer_id"] for one in participant["quality_stats"]] == ["peer-1"]


def test_a_peer_report_is_flat_for_one_generation_and_nested_for_the_others() -> None:
    body = _report()
    nested = body.pop("participant")
    assert body == nested
    assert body.items() >= ROW_BODY.items()
    assert _report(shape=ReportShape.FLAT) == body
    assert _report(shape=ReportShape.NESTED) == {"participant": body}
    assert body.keys() - ROW_BODY.keys() == {
        "peer_events",
        "peer_report",
        "peer_stats",
        "quality_stats",
    }
    assert body["quality_stats"]["peer_ids"] == ["peer-1"]


def test_filters_without_quality_leave_its_parts_out() -> None:
    assert "quality_stats" not in _details("events")["participant"]
    assert "quality_stats" not in _report("events")
    assert "quality_stats" in _report("quality_stats")


def test_an_empty_query_is_the_first_page_latest_first() -> None:
    assert read_participant_query({}, app_id="a", session_id="s") == ParticipantQuery(
        app_id="a", session_id="s"
    )


def test_the_query_parses_every_parameter() -> None:
    query = read_participant_query(
        {
            "search": ["ana"],
            "sort_by": ["duration"],
            "sort_order": ["dsc"],
            "page_no": ["3.0"],
            "per_page": ["1000"],
        },
        app_id="a",
        session_id="s",
    )
    assert query == ParticipantQuery(
        app_id="a",
        session_id="s",
        search="ana",
        order=ParticipantOrder.DURATION,
        is_descending=True,
        offset=400,
        limit=200,
    )


def test_filters_are_comma_separated_repeated_or_single() -> None:
    wanted = frozenset({"device_info", "events"})
    assert FILTERS.read({"filters": ["device_info,events"]}) == wanted
    assert FILTERS.read({"filters": ["device_info", " events "]}) == wanted
    assert FILTERS.read({}) == frozenset()


def test_an_unknown_filter_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        FILTERS.read({"filters": ["device_info,weather"]})
    assert refusal.value.field == "filters"
