"""Sessions on the wire: the members of each generation, and the query."""

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Page, SessionOrder, SessionQuery
from aftercall.core.records import EndReason, Phase, Session
from aftercall.wire.sessions import (
    encode_session,
    encode_session_details,
    encode_session_list,
    read_session_query,
)

START = EpochMs(1_795_262_400_000)

ENDED = Session(
    app_id="app-1",
    id="session-1",
    meeting_id="meeting-1",
    title="Weekly",
    phase=Phase.ENDED,
    created_at=EpochMs(START + 9),
    started_at=START,
    ended_at=EpochMs(START + 600_000),
    end_reason=EndReason.EMPTIED,
    updated_at=EpochMs(START + 600_000),
    touched_at=EpochMs(START + 600_000),
    total_participants=3,
    max_concurrent_participants=2,
    minutes_consumed=12.3457,
    minutes_by_view={"GROUP_CALL": 12.0, "WEBINAR": 0.3457},
)

ENDED_BODY: dict[str, Any] = {
    "id": "session-1",
    "associated_id": "meeting-1",
    "meeting_display_name": "Weekly",
    "organization_id": "app-1",
    "type": "meeting",
    "status": "ENDED",
    "live_participants": 0,
    "total_participants": 3,
    "max_concurrent_participants": 2,
    "minutes_consumed": 12.3457,
    "group_call_minutes_consumed": 12.0,
    "webinar_minutes_consumed": 0.3457,
    "audio_room_minutes_consumed": 0.0,
    "livestream_minutes_consumed": 0.0,
    "chat_minutes_consumed": 0.0,
    "recording_minutes_consumed": 0.0,
    "transcription_minutes_consumed": 0.0,
    "recording_status": "NOT_RECORDED",
    "livestream_status": "NOT_LIVESTREAMED",
    "parent_session_id": None,
    "settings": {},
    "meta": {"room_name": "meeting-1"},
    "created_at": "2026-11-21T12:00:00.009Z",
    "started_at": "2026-11-21T12:00:00.000Z",
    "ended_at": "2026-11-21T12:10:00.000Z",
    "updated_at": "2026-11-21T12:10:00.000Z",
    "breakout_rooms": [],
}


def _json(body: Any) -> Any:
    return json.loads(msgspec.json.encode(body))


def test_a_session_has_every_member_of_every_generation() -> None:
    assert _json(encode_session(ENDED)) == ENDED_BODY


def test_details_are_flat_for_the_later_generations_and_nested_for_the_first() -> None:
    body = _json(encode_session_details(ENDED))
    nested = body.pop("session")
    assert body == ENDED_BODY
    assert nested == ENDED_BODY


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.LIVE, Phase.DRAINING])
def test_a_session_that_has_not_ended_is_live_without_an_end(phase: Phase) -> None:
    body = _json(encode_session(replace(ENDED, phase=phase, ended_at=None)))
    assert body["status"] == "LIVE"
    assert body["ended_at"] is None


def test_breakout_rooms_have_the_shape_of_sessions() -> None:
    room = replace(ENDED, id="session-2", parent_session_id="session-1")
    body = _json(encode_session_details(ENDED, breakout_rooms=[room]))
    assert body["breakout_rooms"] == body["session"]["breakout_rooms"]
    assert body["breakout_rooms"] == [
        ENDED_BODY | {"id": "session-2", "parent_session_id": "session-1"}
    ]


def test_a_list_states_its_offsets_and_total() -> None:
    page: Page[Session] = Page(items=[ENDED, ENDED], offset=50, total=123)
    body = _json(encode_session_list(page))
    assert body == {
        "sessions": [ENDED_BODY, ENDED_BODY],
        "paging": {"total_count": 123, "start_offset": 51, "end_offset": 52},
    }


def test_an_empty_query_is_the_first_page_newest_first() -> None:
    assert read_session_query({}, app_id="app-1") == SessionQuery(app_id="app-1")


def test_the_test_query_of_the_official_sdk_is_parsed() -> None:
    query = read_session_query(
        {
            "associated_id": ["182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"],
            "end_time": ["2019-12-27T18:11:19.117000+00:00"],
            "page_no": ["0"],
            "participants": ["1:10"],
            "per_page": ["0"],
            "search": ["search"],
            "sort_by": ["minutesConsumed"],
            "sort_order": ["ASC"],
            "start_time": ["2019-12-27T18:11:19.117Z"],
            "status": ["LIVE"],
        },
        app_id="app-1",
    )
    assert query == SessionQuery(
        app_id="app-1",
        meeting_id="182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
        is_live=True,
        created_from=EpochMs(1_577_470_279_117),
        created_to=EpochMs(1_577_470_279_117),
        min_participants=1,
        max_participants=10,
        search="search",
        order=SessionOrder.MINUTES_CONSUMED,
        is_descending=False,
        offset=0,
        limit=25,
    )


def test_meeting_id_is_an_alias_overridden_by_the_documented_parameter() -> None:
    aliased = read_session_query({"meeting_id": ["m-1"]}, app_id="a")
    both = read_session_query({"meeting_id": ["m-1"], "associated_id": ["m-2"]}, app_id="a")
    assert aliased.meeting_id == "m-1"
    assert both.meeting_id == "m-2"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("participants", "many"),
        ("participants", ":"),
        ("status", "OVER"),
        ("sort_by", "title"),
        ("sort_order", "UP"),
        ("start_time", "yesterday"),
        ("page_no", "-1"),
    ],
)
def test_an_invalid_value_is_refused_by_parameter_name(name: str, value: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_session_query({name: [value]}, app_id="a")
    assert refusal.value.field == name
