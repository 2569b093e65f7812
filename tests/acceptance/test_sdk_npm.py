"""The nine operations as two generations of the official npm SDK make them."""

import json
import subprocess
from typing import Any

import pytest

from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.sdks import node_sdks
from tests.acceptance.seeded_session import SDK_SESSION, Seeded

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("generation", ["6", "7"])
def test_the_npm_sdk_makes_all_nine_calls(seeded: Seeded, generation: str) -> None:
    done = subprocess.run(
        ["node", "sessions-api-calls.mjs", generation, *seeded.arguments],
        cwd=node_sdks(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    assert len(answers) == 9
    assert answers["list"]["data"]["sessions"][0]["id"] == SDK_SESSION
    assert answers["details"]["data"]["total_participants"] == 3
    assert len(answers["participants"]["data"]["participants"]) == 2
    assert answers["participant"]["data"]["participant"]["id"] == SDK_SESSION
    assert answers["report"]["data"]["participant"]["peer_report"]["quality"]["audio_producer"]
    for name, member in (
        ("chat", "chat_download_url"),
        ("transcript", "transcript_download_url"),
        ("summary", "summaryDownloadUrl"),
    ):
        assert answers[name]["data"][member].startswith(seeded.server.url)
