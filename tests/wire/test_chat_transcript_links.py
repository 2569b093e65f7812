"""Links to chat, transcript and summary, and the queries that ask for them."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.download_kinds import Export
from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.records import Summary, SummaryState
from aftercall.core.summary.layout import SummaryKind, SummaryOptions
from aftercall.wire.chat_transcript_links import (
    encode_chat_link,
    encode_summary_link,
    encode_summary_request,
    encode_transcript_link,
    read_chat_export,
    read_summary_options,
    read_transcript_export,
)

AT = EpochMs(1_795_262_400_000)
URL = "https://calls.example/downloads/x"


def _json(body: Any) -> Any:
    return json.loads(msgspec.json.encode(body))


def test_each_link_has_the_members_of_its_operation() -> None:
    assert _json(encode_chat_link("s", url=URL, expires_at=AT)) == {
        "sessionId": "s",
        "chat_download_url": URL,
        "chat_download_url_expiry": "2026-11-21T12:00:00.000Z",
    }
    assert _json(encode_transcript_link("s", url=URL, expires_at=AT)) == {
        "sessionId": "s",
        "transcript_download_url": URL,
        "transcript_download_url_expiry": "2026-11-21T12:00:00.000Z",
    }
    assert _json(encode_summary_link("s", url=URL, expires_at=AT)) == {
        "sessionId": "s",
        "summaryDownloadUrl": URL,
        "summaryDownloadUrlExpiry": "2026-11-21T12:00:00.000Z",
    }


def test_a_summary_request_is_answered_in_both_forms() -> None:
    summary = Summary(app_id="a", session_id="s", state=SummaryState.PENDING, requested_at=AT)
    assert _json(encode_summary_request(summary)) == {
        "success": True,
        "message": "Success",
        "session_id": "s",
        "sessionId": "s",
        "status": "PENDING",
    }


def test_chat_is_csv_unless_json_is_requested() -> None:
    assert read_chat_export({}) is Export.CHAT_CSV
    assert read_chat_export({"format": ["json"]}) is Export.CHAT_JSON


@pytest.mark.parametrize(
    ("query", "default_style", "export"),
    [
        ({}, "offset", Export.TRANSCRIPT_CSV),
        ({}, "dyte", Export.TRANSCRIPT_DYTE_CSV),
        ({"csv_style": ["dyte"]}, "offset", Export.TRANSCRIPT_DYTE_CSV),
        ({"csv_style": ["offset"]}, "dyte", Export.TRANSCRIPT_CSV),
        ({"format": ["srt"]}, "dyte", Export.TRANSCRIPT_SRT),
        ({"format": ["VTT"]}, "offset", Export.TRANSCRIPT_VTT),
        ({"format": ["Json"]}, "offset", Export.TRANSCRIPT_JSON),
    ],
)
def test_the_transcript_has_the_requested_format(
    query: dict[str, list[str]], default_style: str, export: Export
) -> None:
    assert read_transcript_export(query, default_style=default_style) is export


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Malformed, match="CSV, SRT, VTT, JSON") as refusal:
        read_transcript_export({"format": ["PDF"]}, default_style="offset")
    assert refusal.value.field == "format"


def test_a_meeting_without_summary_settings_has_the_documented_defaults() -> None:
    assert read_summary_options({}) == SummaryOptions(
        word_limit=500, is_markdown=True, kind=SummaryKind.GENERAL
    )


def test_summary_settings_of_a_meeting_are_parsed() -> None:
    wishes = {"word_limit": 200, "text_format": "plain_text", "summary_type": "daily_standup"}
    assert read_summary_options({"ai_config": {"summarization": wishes}}) == SummaryOptions(
        word_limit=200, is_markdown=False, kind=SummaryKind.DAILY_STANDUP
    )


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    _ANYTHING
    | st.fixed_dictionaries(
        {"word_limit": _ANYTHING, "text_format": _ANYTHING, "summary_type": _ANYTHING}
    )
)
def test_any_summary_settings_give_options_within_bounds(wishes: Any) -> None:
    options = read_summary_options({"ai_config": {"summarization": wishes}})
    assert 150 <= options.word_limit <= 1_000
