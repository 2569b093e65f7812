"""What several commands print the same way."""

import json

import pytest

from aftercall.cli.printing import format_moment, print_json
from aftercall.core.instants import EpochMs


def test_json_is_one_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "two\nlines", "at": EpochMs(1)})
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == {"name": "two\nlines", "at": 1}


def test_a_moment_names_its_zone_and_an_unknown_one_is_a_dash() -> None:
    assert format_moment(EpochMs(1_795_262_400_999)) == "2026-11-21 12:00:00Z"
    assert format_moment(None) == "–"
