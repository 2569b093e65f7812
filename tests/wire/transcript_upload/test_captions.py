"""SRT and WebVTT: cues, voices, labels, and errors that name lines."""

import pytest

from aftercall.core.errors import Malformed
from aftercall.wire.transcript_upload.captions import read_captions
from aftercall.wire.transcript_upload.file_text import LONGEST_NAME, LONGEST_TEXT

TIMES = "00:00:01.000 --> 00:00:02.000"


def vtt(cues: str, *names: str) -> list[tuple[str, str]]:
    found = read_captions("WEBVTT\n\n" + cues, is_vtt=True, names=names)
    return [(line.speaker, line.text) for line in found]


def srt(text: str, *names: str) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in read_captions(text, is_vtt=False, names=names)]


def test_each_voice_of_a_cue_is_a_line() -> None:
    assert vtt(f"{TIMES}\n<v Ana>Yes.</v> <v.loud Ben &amp; Co>No.\nNever.\n") == [
        ("Ana", "Yes."),
        ("Ben & Co", "No. Never."),
    ]


def test_markup_goes_and_references_are_read() -> None:
    assert vtt(f"{TIMES} align:start\n<c.red><b>a</b></c> &lt;b&gt; <00:00:01.500>c &amp; d\n") == [
        ("", "a <b> c & d")
    ]
    text = f"1\n{TIMES}\n<i>Hi</i> {{\\an8}}<font color='red'>there</font> a < b\n"
    assert srt(text) == [("", "Hi there a < b")]


def test_notes_styles_and_headers_are_left_out() -> None:
    text = "WEBVTT - x\nX-MAP=LOCAL:00:00\n\nNOTE\nnot --> a cue\n\nSTYLE\n::cue {}\n\n"
    [line] = read_captions(f"{text}intro\n{TIMES}\na\n", is_vtt=True, names=())
    assert (line.number, line.text) == (11, "a")


@pytest.mark.parametrize(
    ("text", "label", "rest"),
    [
        ("Ana: hello", "Ana", "hello"),
        ("Dr. Eve: the 2nd: hello", "Dr. Eve: the 2nd", "hello"),
        ("Stranger: hello", "Stranger", "hello"),
        ("This is no name because it is long: hello", "", None),
        ("at 10:30 we meet", "", None),
        (": hello", "", None),
        ("Ana:", "", None),
    ],
)
def test_the_label_before_a_colon_is_the_speaker(text: str, label: str, rest: str | None) -> None:
    found = srt(f"1\n{TIMES}\n{text}\n", "Ana", "Dr. Eve: the 2nd")
    assert found == [(label, text if rest is None else rest)]


def test_overlapping_cues_and_missing_empty_lines_are_read() -> None:
    text = f"1\n{TIMES}\na\n2\n00:00:00,5 --> 0:00:09\nb\n\n\n3\n{TIMES}\nc"
    assert srt(text) == [("", "a"), ("", "b"), ("", "c")]


def test_a_cue_without_text_is_no_line() -> None:
    assert vtt(f"{TIMES}\n\n{TIMES}\n<v Ana></v>\n\n{TIMES}\na\n") == [("", "a")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\n00:00:05,000 --> 00:00:02,000\na\n", "Line 2: the cue ends before it begins"),
        ("1\n00:00:05,000 -->\na\n", "Line 2: times must be written as"),
        ("1\n00:00:05 -> 00:00:06\na\n", "Line 1: neither a cue's number nor its times"),
        (f"1\n{TIMES}\na\n\n2\n", "Line 5: a cue without times"),
        (f"1\n{TIMES}\na\n\nstray\n\n", "Line 5: a cue without times"),
        (f"1\n{TIMES}\n{'a' * (LONGEST_TEXT + 1)}\n", "Line 2: a text of more than"),
        ("1\n99999999:00:00,000 --> 99999999:00:01,000\na\n", "Line 2: times must be"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text: str, message: str) -> None:
    with pytest.raises(Malformed) as refused:
        srt(text)
    assert refused.value.message.startswith(message) and refused.value.code == "bad_transcript"


def test_a_longer_name_than_may_be_is_refused() -> None:
    with pytest.raises(Malformed, match="Line 3: a speaker's name or id of more than"):
        vtt(f"{TIMES}\n<v {'a' * (LONGEST_NAME + 1)}>b\n")
    assert vtt(f"{TIMES}\n<v {'a' * LONGEST_NAME}>b\n") == [("a" * LONGEST_NAME, "b")]
