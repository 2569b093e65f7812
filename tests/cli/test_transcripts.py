"""`aftercall transcript upload` and `aftercall transcript transcribe`."""

import json
from pathlib import Path

import pytest

from tests.cli.command_line import Operator
from tests.model_server import Reply, open_model_server
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


def test_audio_is_transcribed_and_a_failure_has_its_code(
    run: Operator, session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "eve.flac"
    file.write_bytes(b"fLaC" + b"\x01" * 100)
    with open_model_server() as model:
        monkeypatch.setenv("AFTERCALL_TRANSCRIPTION_MODEL_URL", model.url)
        monkeypatch.setenv("AFTERCALL_TRANSCRIPTION_MODEL", "whisper")
        monkeypatch.setenv("AFTERCALL_OUTBOUND_ALLOW", "127.0.0.1/32")
        asked = ("transcript", "transcribe", session, str(file))
        model.replies = [Reply(401)]
        failed = run(*asked, "--json")
        assert failed.exit_code == 1
        assert json.loads(failed.stdout)["error"]["code"] == "http_401"
        assert "The model's server answered 401." in failed.stderr
        done = run(*asked)
        assert (done.exit_code, done.stdout) == (0, "1 line\n  without a speaker: 1\n"), done.stderr
        assert "1 of 1 tracks" in done.stderr
        odd = run(*asked, "--offset-ms", "0", "--offset-ms", "5")
        assert odd.exit_code == 2 and len(model.tracks) == 2
