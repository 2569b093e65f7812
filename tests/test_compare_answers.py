"""What two recordings of releases may differ in, and what counts as a difference."""

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest
from scripts.answers.compare import compare

ANSWER = "GET /sessions\n200\nx-request-id: {request}\ndate: {date}\n\n{body}"


def recording(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def answer(body: str, *, date: str = "today") -> dict[str, str]:
    return {"answers/list.txt": ANSWER.format(request=uuid4(), date=date, body=body)}


def rooms(*rows: tuple[str, str | None]) -> dict[str, str]:
    """A table of rooms, each with the room it belongs to, under ids drawn for this recording."""
    ids = {name: str(uuid4()) for name, _ in rows}
    lines = [
        f'{{"id": "{ids[name]}", "name": "{name}", "parent": "{ids.get(parent or "")}"}}\n'
        for name, parent in rows
    ]
    return {"database/rooms.txt": "".join(sorted(lines))}


def differing(tmp_path: Path, a: Mapping[str, str], b: Mapping[str, str]) -> int:
    return compare(recording(tmp_path / "a", a), recording(tmp_path / "b", b))


def test_request_ids_dates_and_signatures_make_no_difference(tmp_path: Path) -> None:
    a = answer('{"url":"http://localhost/downloads/app/session/1/abc=/chat.csv"}', date="Monday")
    b = answer('{"url":"http://localhost/downloads/app/session/2/def=/chat.csv"}', date="Friday")
    assert differing(tmp_path, a, b) == 0


def test_the_order_of_the_methods_a_path_allows_makes_no_difference(tmp_path: Path) -> None:
    written = "PUT /sessions\n405\nallow: {}\n\n"
    a, b, c = (
        {"answers/put.txt": written.format(methods)}
        for methods in ("GET, OPTIONS", "OPTIONS, GET", "GET, POST")
    )
    assert differing(tmp_path / "b", a, b) == 0
    assert differing(tmp_path / "c", a, c) == 1


def test_another_value_order_or_spelling_is_a_difference(tmp_path: Path) -> None:
    others = ['{"a":1,"b":3}', '{"b":2,"a":1}', '{"a":1, "b":2}', '{"a":1.0,"b":2}']
    for number, other in enumerate(others):
        folder = tmp_path / str(number)
        assert differing(folder, answer('{"a":1,"b":2}'), answer(other)) == 1


def test_differences_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    differing(tmp_path, answer('{"minutes":1}'), answer('{"minutes":2}'))
    printed = capsys.readouterr().out
    assert "=== answers/list.txt" in printed
    assert '- "minutes": 1' in printed
    assert '+ "minutes": 2' in printed


def test_ids_may_differ_if_they_occur_in_the_same_places(tmp_path: Path) -> None:
    tree = [("hall", None), ("left", "hall"), ("right", "hall")]
    assert differing(tmp_path, rooms(*tree), rooms(*tree)) == 0


def test_a_reference_to_another_row_is_a_difference(tmp_path: Path) -> None:
    a = rooms(("hall", None), ("left", "hall"), ("right", "hall"))
    b = rooms(("hall", None), ("left", "hall"), ("right", "left"))
    assert differing(tmp_path, a, b) == 1


def test_a_file_missing_in_one_recording_is_a_difference(tmp_path: Path) -> None:
    assert differing(tmp_path, answer("{}"), {"answers/other.txt": "GET /\n200\n\n"}) == 2
