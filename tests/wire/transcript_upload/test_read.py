"""Every format is found by its content, and what Aftercall writes is read back."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed, TooLarge
from aftercall.core.instants import EpochMs
from aftercall.core.records import TranscriptLine
from aftercall.core.uploaded_transcript import TranscriptFormat, UploadedLine
from aftercall.wire.chat_transcript_files import (
    DyteTranscriptCsv,
    Srt,
    TranscriptCsv,
    TranscriptJson,
    Vtt,
)
from aftercall.wire.transcript_upload import read as reader
from aftercall.wire.transcript_upload.read import read_transcript

START = EpochMs(1_795_262_400_000)
SRT = "1\n00:00:01,500 --> 00:00:02,750\nAna: hello\n"
VTT = "WEBVTT\n\n00:01.500 --> 00:02.750\n<v Ana>hello\n"
JSON = (
    '[{"startTime": 1500, "endTime": 2750, "sentence": "hello", '
    '"peerData": {"displayName": "Ana"}}]'
)
WHISPER = (
    '{"text": "hello", "segments": [{"start": 1.5, "end": 2.75, "speaker": "Ana", '
    '"text": " hello"}]}'
)
TABLE = "start,end,speaker,text\n1.5,2.75,Ana,hello\n"
HELLO = ("Ana", 1_500, 2_750, "hello")


def read(file: str | bytes, *names: str) -> Sequence[UploadedLine]:
    content = file.encode() if isinstance(file, str) else file
    return read_transcript(content, names=names).lines


def stated_in(line: UploadedLine) -> tuple[str, int, int, str]:
    return line.speaker, line.start_ms, line.end_ms, line.text


@pytest.mark.parametrize(
    ("file", "format"),
    [
        (SRT, TranscriptFormat.SRT),
        (VTT, TranscriptFormat.VTT),
        (JSON, TranscriptFormat.JSON),
        (WHISPER, TranscriptFormat.JSON),
        (TABLE, TranscriptFormat.CSV),
    ],
)
@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: ("\n\n" + text).encode() if not text.startswith("W") else text.encode(),
        lambda text: text.rstrip("\n").encode(),
    ],
    ids=["UTF-8", "BOM", "UTF-16", "UTF-16LE", "UTF-16BE", "CRLF", "blank lines", "no last break"],
)
def test_a_format_is_found_whatever_the_encoding_and_the_ends_of_lines(
    file: str, format: TranscriptFormat, write: Any
) -> None:
    found = read_transcript(write(file), names=())
    assert (found.format, [stated_in(line) for line in found.lines]) == (format, [HELLO])


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "empty_transcript"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty_transcript"),
        (b"WEBVTT\n\n", "empty_transcript"),
        (b"[]", "empty_transcript"),
        (b"start,text\n", "empty_transcript"),
        (b"Dear all,\nthe minutes follow.\n", "unknown_transcript"),
        (b"\x89PNG\r\n\x1a\n", "bad_transcript"),
        (b"%PDF-1.7\n", "unknown_transcript"),
        (b"<!doctype html><script>alert(1)</script>", "unknown_transcript"),
    ],
)
def test_what_is_no_transcript_is_refused(file: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(file)
    assert refused.value.code == code


def test_bytes_that_are_no_text_are_named_by_their_line() -> None:
    with pytest.raises(Malformed, match=r"^Line 3: it is neither UTF-8 nor UTF-16") as refused:
        read(b"1\n00:00:01,500 --> 00:00:02,750\nAna\xff\n")
    assert refused.value.code == "bad_transcript"


def test_what_no_database_stores_becomes_a_replacement_character() -> None:
    assert read(SRT.replace("hello", "he\0llo"))[0].text == "he\ufffdllo"
    assert read(JSON.replace("hello", "a\\ud800b\\u0000"))[0].text == "a\ufffdb\ufffd"


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_LINES", 2)
    assert len(read(VTT + "\n00:03.000 --> 00:04.000\nb\n")) == 2
    with pytest.raises(TooLarge):
        read(VTT + "\n00:03.000 --> 00:04.000\nb\n" * 2)


def test_a_file_of_empty_lines_is_refused_before_it_is_taken_apart() -> None:
    with pytest.raises(TooLarge):
        read(b"WEBVTT\n" + b"\n" * 1_000_001)


# --- what Aftercall writes

_BREAKS = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_ANY = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
_NASTY = st.sampled_from(
    [
        "=1+1",
        "'=x",
        "<v Eve>x",
        "a --> b",
        "<i>x</i>",
        "{\\an8}",
        "&lt;b&gt;",
        "x\n\ny",
        '"',
        "a: b",
    ]
)
_TEXTS = st.one_of(_ANY, _NASTY).filter(lambda text: text.strip() != "")
_NAMES = st.one_of(st.just(""), st.just("Ana"), st.just("Dr. Eve: the 2nd"), _ANY)


def line_of(number: int, name: str, text: str, start: int, length: int) -> TranscriptLine:
    return TranscriptLine(
        app_id="app",
        session_id="call",
        id=f"line-{number}",
        peer_id=f"peer {name}",
        user_id=None,
        custom_participant_id="=crm",
        display_name=name,
        start_at=EpochMs(START + start),
        end_at=EpochMs(START + start + length),
        text=text,
    )


_LINES = st.lists(
    st.tuples(_NAMES, _TEXTS, st.integers(0, 10**9), st.integers(1, 10**6)), min_size=1, max_size=4
).map(lambda stated: [line_of(number, *each) for number, each in enumerate(stated)])


def written(writer: Any, lines: list[TranscriptLine]) -> bytes:
    text: str = writer.head() + writer.rows(lines[:2]) + writer.rows(lines[2:]) + writer.tail()
    return text.encode()


@given(_LINES)
def test_every_json_of_a_transcript_is_read_back_exactly(lines: list[TranscriptLine]) -> None:
    file = written(TranscriptJson(started_at=START, peers={}), lines)
    assert [
        (*stated_in(each), each.peer_id, each.custom_participant_id) for each in read(file)
    ] == [
        (
            line.display_name,
            line.start_at - START,
            line.end_at - START,
            line.text,
            line.peer_id,
            line.custom_participant_id,
        )
        for line in lines
    ]


@given(_LINES, st.booleans())
def test_every_csv_of_a_transcript_is_read_back_exactly(
    lines: list[TranscriptLine], is_dyte: bool
) -> None:
    writer = DyteTranscriptCsv() if is_dyte else TranscriptCsv(started_at=START)
    file = written(writer, lines)
    found = read_transcript(file, names=())
    assert found.has_dates is is_dyte
    base = 0 if is_dyte else START
    assert [
        (each.speaker, base + each.start_ms, each.text, each.peer_id, each.custom_participant_id)
        for each in found.lines
    ] == [
        (line.display_name, line.start_at, line.text, line.peer_id, line.custom_participant_id)
        for line in lines
    ]


@given(_LINES, st.sampled_from([Srt, Vtt]))
def test_captions_are_read_back_but_for_breaks_when_the_names_are_known(
    lines: list[TranscriptLine], writer: Any
) -> None:
    def plain(text: str) -> str:
        return _BREAKS.sub(" ", text).strip()

    names = {plain(line.display_name) for line in lines if plain(line.display_name)}
    stated = [
        (plain(line.display_name), line.start_at - START, line.end_at - START, plain(line.text))
        for line in lines
        if plain(line.text)
    ]
    # What a nameless speaker says may begin like a name: nothing in the file tells them apart.
    certain = [each for each in stated if each[0] or ": " not in each[3]]
    file = written(writer(started_at=START), lines)
    found = [stated_in(each) for each in read(file, *names)] if stated else []
    assert len(found) == len(stated)
    assert [each for each in found if each[:3] in {c[:3] for c in certain}] == [
        each for each in stated if each in certain
    ]
