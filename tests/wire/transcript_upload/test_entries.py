"""JSON transcripts, and errors that name lines."""

import pytest

from aftercall.core.errors import Malformed
from aftercall.wire.transcript_upload.entries import read_entries


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[\n{"startTime": 1, "sentence": "a"},\n{"sentence": "b"}\n]', "Line 3: it has no start"),
        ('[\n{"startTime": 1}]', "Line 2: it has no sentence and no text"),
        ('[\n{"startTime": -1, "sentence": "a"}]', "Line 2: startTime is no time"),
        ('[\n{"start": 1e999, "text": "a"}]', "Line 2: start is no time"),
        ('[\n{"start": NaN, "text": "a"}]', "Line 2: start is no time"),
        ('[\n{"start": true, "text": "a"}]', "Line 2: start is no time"),
        ('[{"start": 2, "end": 1, "text": "a"}]', "Line 1: it ends before it begins"),
        ('[\n{"start": 1, "text": "a"},\n{"start": 2, "te', "Line 3: it is no JSON, or cut off"),
        ('[\n{"start": 1, "text": "a"}\n', "Line 3: , is missing, or the file is cut off"),
        ('[{"start": 1, "text": "a"}]\nx', "Line 2: something follows"),
        ("[1]", "Line 1: a line must be an object"),
        ('{"text": "a"}', "Line 1: the object has no array of segments"),
        ('{"segments": {}}', "Line 1: the object has no array of segments"),
        ("[" * 100_000, "Line 1: it is no JSON"),
        (f"[{'9' * 5_000}]", "Line 1: it is no JSON"),
        (f'[{{"start": 1, "text": "a", "speaker": "{"x" * 300}"}}]', "Line 1: a speaker's name"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text: str, message: str) -> None:
    with pytest.raises(Malformed) as refused:
        list(read_entries(text))
    assert refused.value.message.startswith(message) and refused.value.code == "bad_transcript"


def test_an_end_may_be_missing_and_members_may_be_unknown() -> None:
    [line] = read_entries(
        '{"words": [{}], "segments": [{"start": 0.0005, "text": " a ", "x": []}]}'
    )
    assert (line.start_ms, line.end_ms, line.text, line.speaker) == (0, 0, "a", "")
