"""CSV transcripts: columns, times, and errors that name lines."""

import pytest

from aftercall.core.errors import Malformed, TooLarge
from aftercall.wire.transcript_upload import table
from aftercall.wire.transcript_upload.table import is_table, read_table


def read(text: str) -> list[tuple[int, int, str, str]]:
    found = read_table(text).lines
    return [(line.start_ms, line.end_ms, line.speaker, line.text) for line in found]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("start\tend\ttext\n1500\t2750\thello\n", (1_500, 2_750, "", "hello")),
        ("Start;Ende;Text\n1.5;x;hello\n", (1_500, 1_500, "", "hello")),
        ("start_ms,text,speaker\n1500,hello,Ana\n", (1_500, 1_500, "Ana", "hello")),
        ("start_s,end_s,Name,Text\n1,2,Ana,hello\n", (1_000, 2_000, "Ana", "hello")),
        ("Start time,Text\n0:01:02.5,hello\n", (62_500, 62_500, "", "hello")),
        ('"start","text"\n"1","a ""b"", c\nd"\n', (1, 1, "", 'a "b", c\nd')),
    ],
)
def test_columns_are_found_by_their_headers(text: str, line: tuple[int, int, str, str]) -> None:
    assert is_table(text)
    assert read(text) == [line]


@pytest.mark.parametrize(
    "text",
    ["", "a,b\n1,2\n", "start,start,text\n1,2,a\n", "text\na\n", '"x","p","u","c","Ana","a"\n'],
)
def test_other_tables_are_none(text: str) -> None:
    assert not is_table(text)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('1,"a\nb"\nx,c\n', "Line 4: a time must be a number"),
        ("1,a\n2\n", "Line 3: 1 columns, not 2"),
        (",a\n", "Line 2: it has no start"),
        ('1,a\n2,"b\n', "Line 3: a quote that does not end"),
        (f"1,{'a' * 200_000}\n", "Line 2: a quote that does not end, or a cell that is too long"),
        ("2026-11-21T12:00:00Z,a\n1,b\n", "Line 3: a time must be a date"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(rows: str, message: str) -> None:
    with pytest.raises(Malformed) as refused:
        read("start,text\n" + rows)
    assert refused.value.message.startswith(message) and refused.value.code == "bad_transcript"


def test_an_end_before_the_start_is_named_by_its_line() -> None:
    with pytest.raises(Malformed, match="Line 2: it ends before it begins"):
        read("start,end,text\n2,1,a\n")


def test_more_rows_than_a_transcript_has_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_LINES", 3)
    with pytest.raises(TooLarge):
        read("start,text\n" + "1,\n" * 4)
