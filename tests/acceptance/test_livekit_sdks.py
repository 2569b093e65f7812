"""A running server and LiveKit's own libraries for servers, which sign and verify webhooks."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from livekit.api import TokenVerifier, WebhookReceiver

from aftercall.core.instants import EpochMs
from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.sdks import node_sdks
from tests.acceptance.server import Server, command, running
from tests.web.intake.livekit_calls import Calls, signed
from tests.web.intake.livekit_server import KEY, SECRET, read_sample, sign

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("livekit"), chosen=True) as started:
        secret = started.data_dir / "livekit.secret"
        secret.write_text(SECRET)
        words = ["add", "livekit", KEY, "--secret-file", str(secret), "--app", started.app_id]
        done = command("source-key", *words, "--data-dir", str(started.data_dir))
        assert done.returncode == 0, done.stderr
        yield started


def _node(**given: Any) -> dict[str, Any]:
    done = subprocess.run(
        ["node", "livekit-webhooks.mjs"],
        cwd=node_sdks(),
        input=json.dumps({"key": KEY, "secret": SECRET, "bodies": [], "deliveries": []} | given),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _post(server: Server, body: str, token: str) -> int:
    url = f"{server.url}/v1/apps/{server.app_id}/sources/livekit"
    headers = {"authorization": token, "content-type": "application/webhook+json"}
    return http_client.post(url, content=body.encode(), headers=headers).status_code


def _sessions(server: Server) -> list[dict[str, Any]]:
    listed = http_client.get(server.kit("sessions?per_page=100"), headers=server.headers)
    found: list[dict[str, Any]] = listed.json()["data"]["sessions"]
    return found


def test_webhooks_signed_by_either_library_are_taken_and_changed_ones_are_not(
    server: Server,
) -> None:
    now_s = int(time.time())
    bodies = Calls(begun_at=now_s - 7_200).webhooks(2, 2)
    by_npm = _node(bodies=bodies)["tokens"]
    assert {_post(server, *each) for each in zip(bodies, by_npm, strict=True)} == {202}
    before = _sessions(server)
    assert {_post(server, body, signed(body.encode())) for body in bodies} == {202}
    after = _sessions(server)
    assert [each["id"] for each in after] == [each["id"] for each in before] and len(after) == 4
    assert _post(server, bodies[0] + " ", by_npm[0]) == 401
    assert _post(server, bodies[0], by_npm[1]) == 401


def test_both_libraries_agree_with_us_on_what_is_signed(server: Server) -> None:
    now = EpochMs(int(time.time() * 1_000))
    body = read_sample("livekit-story")[0]["body"]
    tokens = {
        "good": sign(body.encode(), now),
        "other secret": sign(body.encode(), now, secret=SECRET + "x"),
        "other body": sign(body.encode() + b" ", now),
        "expired": sign(body.encode(), EpochMs(now - 700_000)),
        "no digest": sign(body.encode(), now, sha256=None),
    }
    ours = {name: _post(server, body, token) == 202 for name, token in tokens.items()}
    deliveries = [{"body": body, "token": token} for token in tokens.values()]
    npm = dict(zip(tokens, _node(deliveries=deliveries)["accepted"], strict=True))
    receiver = WebhookReceiver(TokenVerifier(KEY, SECRET, leeway=timedelta(seconds=60)))
    python = {name: _accepts(receiver, body, token) for name, token in tokens.items()}
    assert ours == npm == python == {name: name == "good" for name in tokens}


def test_a_token_of_the_npm_library_lets_a_page_report(server: Server, tmp_path: Path) -> None:
    now = int(time.time() * 1_000)
    entry = {"seq": 0, "at": now, "type": "join", "interval_ms": 7_000}
    body = {"v": 1, "peer_id": str(uuid4()), "sent_at": now, "entries": [entry]}
    headers = {"authorization": f"Bearer {_node()['access']}"}
    answer = http_client.post(f"{server.url}/v1/collect", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    assert "daily" in {each["meeting_display_name"] for each in _sessions(server)}


def _accepts(receiver: WebhookReceiver, body: str, token: str) -> bool:
    try:
        receiver.receive(body, token)
    except Exception:
        return False
    return True
