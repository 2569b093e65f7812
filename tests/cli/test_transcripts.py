"""`aftercall transcript upload`."""

import json
from pathlib import Path

import pytest

from tests.cli.command_line import Operator
from tests.sample_dumps import path_of

FILE = "WEBVTT\n\n00:00.500 --> 00:01.000\n<v Eve>We agreed on Monday.\n"


@pytest.fixture
def session(run: Operator) -> str:
    """The id of an ended session."""
    run("app", "create", "Support")
    report = run("import", str(path_of("rtcstats-v5-rtcstatsjs.jsonl")), "--json").stdout
    id: str = json.loads(report)["calls"][0]["session_id"]
    return id


def test_a_transcript_is_uploaded_once(run: Operator, session: str, tmp_path: Path) -> None:
    file = tmp_path / "call.vtt"
    file.write_text(FILE)
    done = run("transcript", "upload", session, str(file), "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {
        "session_id": session,
        "format": "vtt",
        "lines": 1,
        "left_out": 0,
        "speakers": [{"name": "Eve", "participant_id": None, "lines": 1}],
        "is_new": True,
        "is_summarised": False,
    }
    again = run("transcript", "upload", session, str(file)).stdout
    assert again == ("1 line; nothing changed\n  Eve: 1 (nobody of the session is called so)\n")


def test_a_file_that_cannot_be_read_is_named_by_its_line(
    run: Operator, session: str, tmp_path: Path
) -> None:
    file = tmp_path / "call.srt"
    file.write_text("1\n00:00:05,000 --> 00:00:02,000\nx\n")
    done = run("transcript", "upload", session, str(file))
    assert done.exit_code == 1
    assert done.stderr == "aftercall: Line 2: the cue ends before it begins.\n"
    assert run("transcript", "upload", session, str(tmp_path / "none")).exit_code == 1
