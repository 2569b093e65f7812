import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import InvalidBody, Malformed
from aftercall.wire.bodies import parse_body
from aftercall.wire.meetings import KickBody, MeetingBody, MeetingPatch, MemberBody


def _refusal(raw: bytes, kind: type) -> Malformed:
    with pytest.raises(Malformed) as refused:
        parse_body(raw, kind)
    return refused.value


@pytest.mark.parametrize(
    ("raw", "kind", "field", "sentence"),
    [
        (b"{}", MemberBody, "custom_participant_id", "is required"),
        (b'{"custom_participant_id":"a"}', MemberBody, "preset_name", "is required"),
        (b'{"x":1}', MeetingBody, "x", "is not allowed"),
        (
            b'{"status":"GONE"}',
            MeetingPatch,
            "status",
            "must be one of [ACTIVE, INACTIVE]",
        ),
        (b'{"title":5}', MeetingBody, "title", "must be a string of at most 512 characters"),
        (b'{"persist_chat":"no"}', MeetingBody, "persist_chat", "must be a boolean"),
        (b'{"persist_chat":null}', MeetingBody, "persist_chat", "must be a boolean"),
        (b'{"ai_config":[]}', MeetingBody, "ai_config", "must be an object"),
        (
            b'{"ai_config":{"summarization":{"word_limit":20}}}',
            MeetingBody,
            "ai_config.summarization.word_limit",
            "must be an integer from 150 to 1000",
        ),
        (
            b'{"ai_config":{"transcription":{"keywords":["a",1]}}}',
            MeetingBody,
            "ai_config.transcription.keywords[1]",
            "must be a string of at most 256 characters",
        ),
        (
            b'{"ai_config":{"transcription":{"speed":1}}}',
            MeetingBody,
            "ai_config.transcription.speed",
            "is not allowed",
        ),
        (
            b'{"recording_config":{"realtimekit_bucket_config":{}}}',
            MeetingBody,
            "recording_config.realtimekit_bucket_config.enabled",
            "is required",
        ),
        (
            b'{"recording_config":{"video_config":{"codec":"AV1"}}}',
            MeetingBody,
            "recording_config.video_config.codec",
            "must be one of [H264, VP8, VP9]",
        ),
        (
            b'{"custom_participant_id":"","preset_name":"p"}',
            MemberBody,
            "custom_participant_id",
            "must be a string from 1 to 256 characters",
        ),
        (b'{"participant_ids":"a"}', KickBody, "participant_ids", "must be an array"),
    ],
)
def test_an_invalid_member_is_named_in_the_message(
    raw: bytes, kind: type, field: str, sentence: str
) -> None:
    refused = _refusal(raw, kind)
    assert isinstance(refused, InvalidBody)
    assert refused.field == field
    assert refused.message.startswith(f'"{field}" {sentence}')


@pytest.mark.parametrize("raw", [b"{", b"nope", b'{"title":"a}'])
def test_malformed_json_is_refused(raw: bytes) -> None:
    refused = _refusal(raw, MeetingBody)
    assert not isinstance(refused, InvalidBody)
    assert refused.code == "bad_json"


@pytest.mark.parametrize(
    "raw",
    [b'{"title":"a\\u0000"}', b'{"title":"a\xff"}', b'{"title":"a\\ud800"}', b'{"title":"a\0"}'],
)
def test_characters_that_no_database_stores_become_the_replacement_character(raw: bytes) -> None:
    assert parse_body(raw, MeetingBody).title == "a\ufffd"


def test_a_body_nested_too_deeply_is_refused() -> None:
    assert _refusal(b'{"title":' * 20_000, MeetingBody).field == "title"
    assert _refusal(b"[" * 20_000, MeetingBody).message == '"body" must be an object'


@pytest.mark.parametrize("raw", [b"[]", b"1", b"null", b'"a"'])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    assert _refusal(raw, MeetingBody).message == '"body" must be an object'


def test_an_empty_body_sets_no_member() -> None:
    assert parse_body(b"", MeetingBody) == MeetingBody()


def test_numbers_beyond_every_range_are_refused() -> None:
    for number in (b"1e999", b"9" * 400, b"-1"):
        raw = b'{"ai_config":{"summarization":{"word_limit":' + number + b"}}}"
        assert "word_limit" in _refusal(raw, MeetingBody).message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["title", "ai_config", "summarization", "status", "x", "a.b", "`"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_body_or_refused(raw: bytes) -> None:
    try:
        parse_body(raw, MeetingPatch)
    except Malformed as refused:
        assert refused.message


@given(JSON)
def test_any_json_is_a_body_or_refused(body: object) -> None:
    try:
        parse_body(json.dumps(body).encode(), MeetingPatch)
    except Malformed as refused:
        assert refused.message
