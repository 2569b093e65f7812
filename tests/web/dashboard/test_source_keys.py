"""Keys of sources over REST."""

from pathlib import Path
from typing import Any

import pytest

from aftercall.core.records import Role
from tests.web.rest_server import ApiClient, BuildServer, RestServer

KEY = {"source": "livekit", "key_id": "APIk3y", "secret": "the-secret-that-comes-back-nowhere"}


@pytest.fixture
def server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    return build_server(data_dir=tmp_path)


async def _ask(client: ApiClient, method: str, rest: str = "", **request: Any) -> Any:
    return await client.request_url(
        method, f"/v1/apps/{client.app_id}/source-keys{rest}", **request
    )


async def test_a_key_is_stored_listed_without_its_secret_and_removed(server: RestServer) -> None:
    owner = await server.new_client()
    added = await _ask(owner, "POST", json=KEY)
    assert added.status_code == 201 and KEY["secret"] not in added.text
    listed = await _ask(owner, "GET")
    assert KEY["secret"] not in listed.text
    [key] = listed.json()["data"]["keys"]
    assert (key["source"], key["key_id"]) == ("livekit", "APIk3y")
    [signer] = await server.services.source_keys.signers("livekit", "APIk3y")
    assert (signer.app_id, signer.secret) == (owner.app_id, KEY["secret"])
    assert (await _ask(owner, "DELETE", "/livekit/APIk3y")).status_code == 200
    assert (await _ask(owner, "DELETE", "/livekit/APIk3y")).status_code == 404
    assert (await _ask(owner, "GET")).json()["data"]["keys"] == []


async def test_nobody_but_an_admin_of_the_app_sees_or_changes_its_keys(server: RestServer) -> None:
    owner = await server.new_client()
    await _ask(owner, "POST", json=KEY)
    reader, other = await server.new_client(of=owner, role=Role.READ), await server.new_client()
    for client in (reader, other):
        url = f"/v1/apps/{owner.app_id}/source-keys"
        for method, rest, body in (
            ("GET", "", None),
            ("POST", "", KEY),
            ("DELETE", "/livekit/APIk3y", None),
        ):
            answer = await client.request_url(method, url + rest, json=body)
            assert answer.status_code in (403, 404), answer.text
    assert (await _ask(other, "DELETE", "/livekit/APIk3y")).status_code == 404
    assert len((await _ask(owner, "GET")).json()["data"]["keys"]) == 1


@pytest.mark.parametrize(
    "change", [{"source": "Live Kit"}, {"key_id": "a b"}, {"secret": ""}, {"extra": 1}]
)
async def test_what_is_no_key_is_refused(server: RestServer, change: dict[str, Any]) -> None:
    owner = await server.new_client()
    assert (await _ask(owner, "POST", json=KEY | change)).status_code == 422


async def test_the_state_of_a_server_that_is_asked_is_listed(server: RestServer) -> None:
    owner = await server.new_client()
    added = await _ask(owner, "POST", json=KEY | {"server_url": "wss://livekit.example.com"})
    expected = {
        "url": "https://livekit.example.com", "asked_at": None, "answered_at": None, "error": None,
    }  # fmt: skip
    assert added.json()["data"]["server"] == expected
    [key] = (await _ask(owner, "GET")).json()["data"]["keys"]
    assert key["server"] == expected
    refused = await _ask(owner, "POST", json=KEY | {"server_url": "http://127.0.0.1:7880"})
    assert refused.status_code in (400, 422), refused.text
    await _ask(owner, "DELETE", "/livekit/APIk3y")
    assert await server.services.source_keys.list_servers(owner.app_id) == {}
