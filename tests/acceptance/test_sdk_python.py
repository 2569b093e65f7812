"""The nine operations, read by several generations of the official Python SDK."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.sdks import python_sdk
from tests.acceptance.seeded_session import SDK_SESSION, Seeded

pytestmark = pytest.mark.acceptance

SCRIPT = Path(__file__).with_name("sessions_api_calls.py")


def make_calls(python: Path, seeded: Seeded, strictness: str) -> dict[str, Any]:
    done = subprocess.run(
        [str(python), str(SCRIPT), *seeded.arguments, strictness],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_the_newest_sdk_reads_all_nine_strictly(seeded: Seeded) -> None:
    answers = make_calls(Path(sys.executable), seeded, "strict")
    assert len(answers) == 9

    (listed,) = answers["list"]["data"]["sessions"]
    assert listed["id"] == SDK_SESSION
    assert answers["list"]["paging"]["total_count"] == 1
    details = answers["details"]["data"]
    assert (details["status"], details["total_participants"]) == ("ENDED", 3)
    assert details["minutes_consumed"] == pytest.approx(seeded.session["minutes_consumed"])

    assert len(answers["participants"]["data"]["participants"]) == 2
    assert answers["participants"]["paging"]["total_count"] == 3
    participant = answers["participant"]["data"]["participant"]
    assert participant["id"] == SDK_SESSION
    assert participant["duration"] > 3

    assert answers["chat"]["data"]["chat_download_url"].startswith(seeded.server.url)
    assert answers["transcript"]["data"]["transcript_download_url"].startswith(seeded.server.url)
    assert answers["summary"]["data"]["summaryDownloadUrl"].startswith(seeded.server.url)
    assert answers["summarise"]["data"]["session_id"] == SDK_SESSION


def test_the_newest_sdk_reads_a_report_with_the_calls_own_numbers(seeded: Seeded) -> None:
    report = make_calls(Path(sys.executable), seeded, "strict")["report"]
    reported = report["data"]["participant"]
    assert reported["id"] == SDK_SESSION
    quality = reported["peer_report"]["quality"]
    # The first guest's uplink loses packets in two episodes, the downlink does not (percent).
    assert quality["audio_producer_cumulative"]["packet_loss"]["avg"] > 1
    assert quality["audio_consumer_cumulative"]["packet_loss"]["avg"] < 1
    assert len(quality["audio_producer"]) > 10
    assert len(quality["video_producer"]) > 10
    metadata = reported["peer_report"]["metadata"]
    assert metadata["device_info"]["os"]
    assert metadata["browser_metadata"]["browser"]


def test_the_oldest_sdk_that_has_the_api_reads_all_nine_loosely(seeded: Seeded) -> None:
    answers = make_calls(python_sdk("5.0.0"), seeded, "loose")
    assert len(answers) == 9
    assert answers["details"]["data"]["session"]["id"] == SDK_SESSION
    assert answers["report"]["data"]["participant"]["id"] == SDK_SESSION
    assert answers["list"]["data"]["sessions"][0]["status"] == "ENDED"
