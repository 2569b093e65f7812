"""Orders to a call are refused for good."""

from base64 import b64encode
from typing import Any

import pytest

from aftercall.core.records import Role
from tests.web.realtimekit.whole_sdk import furnish

RestServer = Any

ORDERS = (
    ("POST", "/recordings"),
    ("POST", "/recordings/track"),
    ("PUT", "/recordings/{recording_id}"),
    ("POST", "/livestreams"),
    ("PUT", "/livestreams/{livestream_id}/enable"),
    ("PUT", "/livestreams/{livestream_id}/disable"),
    ("POST", "/livestreams/{livestream_id}/reset-stream-key"),
    ("POST", "/meetings/{meeting_id}/livestreams"),
    ("POST", "/meetings/{meeting_id}/active-livestream/stop"),
    ("POST", "/meetings/{meeting_id}/active-session/poll"),
    ("POST", "/meetings/{meeting_id}/active-session/mute"),
    ("POST", "/meetings/{meeting_id}/active-session/mute-all"),
)


@pytest.mark.parametrize(("method", "path"), ORDERS)
async def test_an_order_is_refused_and_not_to_be_repeated(
    server: RestServer, method: str, path: str
) -> None:
    owner = await server.new_client()
    ids = await furnish(server, owner)
    basic = b64encode(f"{owner.app_id}:{owner.token}".encode()).decode()
    answers = [
        await owner.request(method, path.format(**ids), json={}),
        await server.client.request(
            method, "/v2" + path.format(**ids), headers={"authorization": f"Basic {basic}"}
        ),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert answer.headers["x-should-retry"] == "false"
        assert answer.json()["error"]["reason"] == "call_not_controlled"
        assert "cannot" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "path"), [each for each in ORDERS if "{" in each[1]])
async def test_what_an_order_names_must_exist(server: RestServer, method: str, path: str) -> None:
    owner = await server.new_client()
    ids = dict.fromkeys(("recording_id", "livestream_id", "meeting_id"), "nothing")
    assert (await owner.request(method, path.format(**ids))).status_code == 404


async def test_a_token_that_may_only_read_is_refused_for_that(server: RestServer) -> None:
    owner = await server.new_client()
    reader = await server.new_client(role=Role.READ, of=owner)
    answer = await reader.request("POST", "/recordings", json={})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "read_only_token")
