from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.errors import InvalidBody, Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.records import App, Meeting, MeetingStatus, Member, Participant
from aftercall.wire.bodies import parse_body
from aftercall.wire.meetings import (
    MeetingBody,
    MeetingPatch,
    encode_admitted,
    encode_app,
    encode_kicked,
    encode_meeting,
    encode_member,
    encode_removed,
    parse_kick,
    read_keep_alive_s,
    read_meeting_query,
    read_settings,
)

MOMENT = EpochMs(1_577_470_279_117)
WRITTEN = "2019-12-27T18:11:19.117Z"
MEETING = Meeting(
    app_id="app",
    id="meeting",
    title="Standup",
    status=MeetingStatus.ACTIVE,
    keep_alive_s=90,
    created_at=MOMENT,
    updated_at=MOMENT,
)
MEMBER = Member(
    app_id="app",
    meeting_id="meeting",
    id="member",
    name="Ada",
    custom_participant_id="ada",
    preset_name="group_call_host",
    created_at=MOMENT,
    updated_at=MOMENT,
)


def _json(body: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(body))


def test_a_meeting_is_written_with_every_setting_at_its_default() -> None:
    assert _json(encode_meeting(MEETING)) == {
        "id": "meeting",
        "title": "Standup",
        "status": "ACTIVE",
        "record_on_start": False,
        "live_stream_on_start": False,
        "persist_chat": False,
        "summarize_on_end": False,
        "transcribe_on_end": False,
        "session_keep_alive_time_in_secs": 90,
        "created_at": WRITTEN,
        "updated_at": WRITTEN,
    }


def test_a_meeting_without_a_title_has_none() -> None:
    assert _json(encode_meeting(replace(MEETING, title="")))["title"] is None


WHOLE = {
    "title": "Weekly",
    "record_on_start": None,
    "persist_chat": True,
    "summarize_on_end": True,
    "ai_config": {
        "summarization": {
            "word_limit": 500,
            "text_format": "plain_text",
            "summary_type": "team_meeting",
        },
        "transcription": {"keywords": ["SFU"], "language": "de", "profanity_filter": True},
    },
    "recording_config": {
        "max_seconds": 3600,
        "file_name_prefix": "call",
        "audio_config": {"channel": "stereo", "codec": "MP3", "export_file": True},
        "video_config": {
            "codec": "H264",
            "width": 1280,
            "height": 720,
            "watermark": {"position": "left top", "size": {"width": 100, "height": 10}},
        },
        "realtimekit_bucket_config": {"enabled": False},
        "live_streaming_config": {"rtmp_url": "rtmp://a"},
    },
}


def test_the_settings_of_a_meeting_are_returned_as_set() -> None:
    body = parse_body(msgspec.json.encode(WHOLE), MeetingBody)
    settings = read_settings(body)
    assert "title" not in settings
    written = _json(encode_meeting(replace(MEETING, settings=settings)))
    assert {k: written[k] for k in WHOLE if k != "title"} == {
        k: v for k, v in WHOLE.items() if k != "title"
    }


def test_secrets_of_a_storage_are_not_stored() -> None:
    storage = {
        "type": "aws",
        "bucket": "calls",
        "access_key": "AKIA",
        "secret": "hush",
        "password": "hush",
        "private_key": "hush",
    }
    raw = msgspec.json.encode({"recording_config": {"storage_config": storage}})
    settings = read_settings(parse_body(raw, MeetingBody))
    assert settings["recording_config"]["storage_config"] == {
        "type": "aws",
        "bucket": "calls",
        "access_key": None,
        "secret": None,
        "password": None,
        "private_key": None,
    }


@given(
    st.sampled_from(["title", "status", "session_keep_alive_time_in_secs"]),
    st.booleans(),
)
def test_members_with_a_column_are_no_settings(name: str, persists: bool) -> None:
    stated = {"title": "t", "status": "INACTIVE", "session_keep_alive_time_in_secs": 60}
    raw = msgspec.json.encode({name: stated[name], "persist_chat": persists})
    assert read_settings(parse_body(raw, MeetingPatch)) == {"persist_chat": persists}


@pytest.mark.parametrize(("stated", "kept"), [(60, 60), (600, 600), (90.4, 90)])
def test_a_keep_alive_time_is_rounded_to_seconds(stated: float, kept: int) -> None:
    body = MeetingBody(session_keep_alive_time_in_secs=stated)
    assert read_keep_alive_s(body, is_lenient=False) == kept


@pytest.mark.parametrize(("stated", "clamped"), [(30, 60), (-1, 60), (601, 600), (1e18, 600)])
def test_a_keep_alive_time_out_of_range_is_refused_or_clamped(stated: float, clamped: int) -> None:
    body = MeetingBody(session_keep_alive_time_in_secs=stated)
    with pytest.raises(Malformed, match="must be a number from 60 to 600") as refused:
        read_keep_alive_s(body, is_lenient=False)
    assert isinstance(refused.value, InvalidBody)
    assert read_keep_alive_s(body, is_lenient=True) == clamped


def test_a_missing_keep_alive_time_is_none() -> None:
    assert read_keep_alive_s(MeetingBody(), is_lenient=False) is None


def test_a_member_is_written_with_its_token_only_on_creation() -> None:
    member = _json(encode_member(MEMBER))
    assert member == {
        "id": "member",
        "name": "Ada",
        "picture": None,
        "custom_participant_id": "ada",
        "preset_name": "group_call_host",
        "created_at": WRITTEN,
        "updated_at": WRITTEN,
    }
    admitted = _json(encode_admitted(MEMBER, "eyJ", MOMENT))
    assert admitted == member | {"token": "eyJ", "token_expires_at": WRITTEN}


def test_a_preset_has_the_same_id_in_every_answer_of_its_app() -> None:
    one = encode_removed(MEMBER).preset_id
    assert encode_removed(replace(MEMBER, id="other")).preset_id == one
    assert encode_removed(replace(MEMBER, app_id="other")).preset_id != one


def test_an_app_is_written_with_id_name_and_creation_time() -> None:
    app = App(account_id="account", id="app", name="Calls", created_at=MOMENT)
    assert _json(encode_app(app)) == {"id": "app", "name": "Calls", "created_at": WRITTEN}


def test_a_kicked_participant_is_written_with_its_ids() -> None:
    row = Participant(
        app_id="app",
        session_id="session",
        id="row",
        user_id="member",
        custom_participant_id="ada",
        display_name="Ada",
        joined_at=MOMENT,
        created_at=MOMENT,
        updated_at=MOMENT,
    )
    kicked = _json(encode_kicked([row]))
    assert kicked["action"] == "kick"
    assert kicked["kicked_participants_count"] == 1
    assert kicked["participants"][0] | {"id": "row", "name": "Ada"} == kicked["participants"][0]


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"participant_ids":[]}'])
def test_a_kick_without_participants_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed, match="must name at least one participant"):
        parse_kick(raw)


def test_a_meeting_query_parses_every_parameter() -> None:
    query = read_meeting_query(
        {
            "page_no": ["2"],
            "per_page": ["10"],
            "start_time": ["2019-12-27T18:11:19.117Z"],
            "end_time": [WRITTEN],
            "search": ["stand"],
            "status": ["inactive"],
            "sort_order": ["ASC"],
        },
        app_id="app",
    )
    assert (query.offset, query.limit) == (10, 10)
    assert (query.created_from, query.created_to) == (MOMENT, MOMENT)
    assert (query.search, query.status) == ("stand", MeetingStatus.INACTIVE)
    assert not query.is_descending
