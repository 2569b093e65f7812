"""The download files: their form, and that every text can be parsed back from them."""

import csv
import html
import io
import json
import re
from collections.abc import Iterable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, MessageKind, Peer, TranscriptLine
from aftercall.wire.chat_transcript_files import (
    CHAT_COLUMNS,
    ChatCsv,
    ChatJson,
    DyteTranscriptCsv,
    Srt,
    TranscriptCsv,
    TranscriptJson,
    Vtt,
    Writer,
    guard_formula,
    unguard_formula,
)

START = EpochMs(1_795_262_400_000)
R = TypeVar("R")


def _write(writer: Writer[R], *pages: Iterable[R]) -> str:
    return writer.head() + "".join(writer.rows(page) for page in pages) + writer.tail()


def _message(**changes: object) -> ChatMessage:
    fields: dict[str, object] = {
        "app_id": "a",
        "session_id": "s-1",
        "id": "m-1",
        "peer_id": "p-1",
        "user_id": "u-1",
        "display_name": "Ana",
        "kind": MessageKind.TEXT,
        "payload": "hello",
        "at": EpochMs(START + 1_500),
        "revised_at": EpochMs(START + 2_500),
    }
    return ChatMessage(**(fields | changes))  # type: ignore[arg-type]  # a cast of test data


def _line(
    text: str = "hello", name: str = "Ana", start: int = 1_500, end: int = 2_750
) -> TranscriptLine:
    return TranscriptLine(
        app_id="a",
        session_id="s-1",
        id="l-1",
        peer_id="p-1",
        user_id="u-1",
        custom_participant_id="crm-7",
        display_name=name,
        start_at=EpochMs(START + start),
        end_at=EpochMs(START + end),
        text=text,
    )


# Characters a database can hold; the awkward ones are made likely.
_TEXT = st.text(
    st.sampled_from("=+-@'\"\t\r\n,;<>&{}\\:.1a \u2028\x85é日🙂-->")
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=30,
)


# --- CSV


def test_the_chat_csv_has_the_documented_form() -> None:
    text = _write(
        ChatCsv(meeting_id="m"),
        [_message(), _message(id="m-2", kind=MessageKind.FILE, payload='{"name":"a,b"}')],
        [_message(id="m-3", user_id=None, is_pinned=True, is_edited=True)],
    )
    assert text == (
        "id,participantId,sessionId,meetingId,displayName,pinned,isEdited,payloadType,payload,"
        "createdAt\n"
        "m-1,u-1,s-1,m,Ana,false,false,TEXT_MESSAGE,hello,2026-11-21T12:00:01.500Z\n"
        'm-2,u-1,s-1,m,Ana,false,false,FILE_MESSAGE,"{""name"":""a,b""}",'
        "2026-11-21T12:00:01.500Z\n"
        "m-3,p-1,s-1,m,Ana,true,true,TEXT_MESSAGE,hello,2026-11-21T12:00:01.500Z\n"
    )


def test_a_chat_csv_without_messages_is_its_header() -> None:
    assert _write(ChatCsv(meeting_id="m"), []) == ",".join(CHAT_COLUMNS) + "\n"


@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=4))
def test_any_chat_is_parsed_back_from_its_csv(stated: list[tuple[str, str]]) -> None:
    messages = [_message(display_name=name, payload=payload) for name, payload in stated]
    text = _write(ChatCsv(meeting_id="m"), messages)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [
        (unguard_formula(row["displayName"]), unguard_formula(row["payload"])) for row in rows
    ] == stated


@given(_TEXT)
def test_no_cell_starts_like_a_formula(text: str) -> None:
    guarded = guard_formula(text)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert unguard_formula(guarded) == text


@pytest.mark.parametrize("text", ["", "plain", "'quoted'", "it's", "1-1", "a=b"])
def test_a_harmless_text_is_not_changed(text: str) -> None:
    assert guard_formula(text) == text


def test_the_transcript_csv_has_no_header_and_quotes_everything() -> None:
    text = _write(TranscriptCsv(started_at=START), [_line('say "hi"'), _line("=1+1", start=-5)])
    assert text == (
        '"1500","p-1","u-1","crm-7","Ana","say ""hi"""\n"0","p-1","u-1","crm-7","Ana","\'=1+1"\n'
    )


def test_the_dyte_transcript_csv_has_its_header_and_iso_times() -> None:
    text = _write(DyteTranscriptCsv(), [_line("yes, please")])
    assert text == (
        "Timestamp, Participant ID, User ID, Custom Participant ID, Participant Name, Transcript\n"
        '2026-11-21T12:00:01.500Z,p-1,u-1,crm-7,Ana,"yes, please"\n'
    )


@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=4))
def test_any_transcript_is_parsed_back_from_either_csv(stated: list[tuple[str, str]]) -> None:
    lines = [_line(text, name) for name, text in stated]
    cf = _write(TranscriptCsv(started_at=START), lines)
    dyte = _write(DyteTranscriptCsv(), lines)
    for text, skip in ((cf, 0), (dyte, 1)):
        rows = list(csv.reader(io.StringIO(text, newline="")))[skip:]
        assert [tuple(map(unguard_formula, row[4:6])) for row in rows] == stated


def test_a_transcript_without_lines_is_an_empty_file() -> None:
    assert _write(TranscriptCsv(started_at=START), []) == ""
    assert _write(Srt(started_at=START), []) == ""
    assert _write(Vtt(started_at=START), []) == "WEBVTT\n\n"
    assert json.loads(_write(TranscriptJson(started_at=START, peers={}), [])) == []


# --- JSON


@given(st.lists(st.lists(st.tuples(_TEXT, _TEXT), max_size=2), max_size=3))
def test_any_chat_is_parsed_back_from_its_json(pages: list[list[tuple[str, str]]]) -> None:
    records = [[_message(display_name=n, payload=p) for n, p in page] for page in pages]
    read = json.loads(_write(ChatJson(meeting_id="m"), *records))
    assert [(one["displayName"], one["payload"]) for one in read] == [
        pair for page in pages for pair in page
    ]


def test_chat_json_has_the_members_of_the_csv_and_more() -> None:
    [message] = json.loads(_write(ChatJson(meeting_id="m"), [_message(is_pinned=True)]))
    assert message == {
        "id": "m-1",
        "participantId": "u-1",
        "peerId": "p-1",
        "sessionId": "s-1",
        "meetingId": "m",
        "displayName": "Ana",
        "pinned": True,
        "isEdited": False,
        "payloadType": "TEXT_MESSAGE",
        "payload": "hello",
        "createdAt": "2026-11-21T12:00:01.500Z",
        "revisedAt": "2026-11-21T12:00:02.500Z",
    }


def test_transcript_json_has_speakers_and_their_presence() -> None:
    peer = Peer(
        app_id="a",
        session_id="s-1",
        meeting_id="m",
        id="p-1",
        participant_id="p-1",
        source="collector",
        interval_ms=7_000,
        joined_at=START,
        first_heard_at=START,
        last_heard_at=START,
        last_received_at=START,
        created_at=START,
        updated_at=START,
    )
    [known] = json.loads(_write(TranscriptJson(started_at=START, peers={"p-1": peer}), [_line()]))
    [unknown] = json.loads(_write(TranscriptJson(started_at=START, peers={}), [_line()]))
    assert known == {
        "startTime": 1_500,
        "endTime": 2_750,
        "sentence": "hello",
        "peerData": {
            "id": "p-1",
            "userId": "u-1",
            "displayName": "Ana",
            "cpi": "crm-7",
            "joinedAt": "2026-11-21T12:00:00.000Z",
            "leftAt": "",
        },
    }
    assert unknown["peerData"]["joinedAt"] == ""


# --- SRT and VTT


def test_srt_numbers_its_cues_across_pages() -> None:
    text = _write(Srt(started_at=START), [_line()], [_line("bye", name="", start=3_723_004, end=1)])
    assert text == (
        "1\n00:00:01,500 --> 00:00:02,750\nAna: hello\n\n2\n01:02:03,004 --> 01:02:03,005\nbye\n\n"
    )


def test_vtt_escapes_what_would_be_markup() -> None:
    text = _write(Vtt(started_at=START), [_line("<b>a</b> & --> c\n\nNOTE x")])
    assert text == (
        "WEBVTT\n\n00:00:01.500 --> 00:00:02.750\n"
        "Ana: &lt;b&gt;a&lt;/b&gt; &amp; --&gt; c NOTE x\n\n"
    )


def test_srt_neutralises_markup_and_arrows() -> None:
    text = _write(Srt(started_at=START), [_line("<i>x</i> --> {\\an8}")])
    cue = text.splitlines()[2]
    assert "-->" not in cue
    assert re.search(r"<[a-z/]|\{\\", cue) is None
    assert cue.replace("\u2060", "") == "Ana: <i>x</i> --> {\\an8}"


_CUE_TIME = r"(\d\d+):(\d\d):(\d\d)[.,](\d\d\d)"
_TIME_LINE = re.compile(rf"{_CUE_TIME} --> {_CUE_TIME}")
_BREAKS = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")


def _cues(text: str) -> list[str]:
    """What a reader of SRT or VTT takes for cue texts: what follows each line of times, up to
    an empty line."""
    cues: list[str] = []
    lines = iter(re.split("\r\n|\n|\r", text))
    for line in lines:
        if _TIME_LINE.fullmatch(line):
            words: list[str] = []
            while following := next(lines, ""):
                words.append(following)
            cues.append("\n".join(words))
    return cues


def _one_line(name: str, text: str) -> str:
    name, text = (_BREAKS.sub(" ", part).strip() for part in (name, text))
    return f"{name}: {text}" if name and text else text


@given(st.lists(st.tuples(_TEXT, _TEXT), max_size=4))
def test_any_transcript_is_parsed_back_from_its_captions_except_line_breaks(
    stated: list[tuple[str, str]],
) -> None:
    lines = [_line(text, name) for name, text in stated]
    expected = [one for name, text in stated if (one := _one_line(name, text))]
    vtt = _cues(_write(Vtt(started_at=START), lines))
    assert [html.unescape(cue) for cue in vtt] == expected
    srt = _cues(_write(Srt(started_at=START), lines))
    joined = [cue.replace("\u2060", "") for cue in srt]
    assert joined == [one.replace("\u2060", "") for one in expected]


@given(st.integers(-10_000, 400_000_000), st.integers(-10_000, 400_000_000))
def test_a_cue_has_a_duration_and_never_starts_before_the_session(start: int, end: int) -> None:
    text = _write(Vtt(started_at=START), [_line(start=start, end=end)])
    found = _TIME_LINE.search(text)
    assert found is not None
    numbers = [int(number) for number in found.groups()]
    shown = [((h * 60 + m) * 60 + s) * 1_000 + ms for h, m, s, ms in (numbers[:4], numbers[4:])]
    assert shown[0] == max(0, start)
    assert shown[1] > shown[0]
