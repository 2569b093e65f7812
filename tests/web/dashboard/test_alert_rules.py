"""Alert rules and channels over REST."""

from pathlib import Path
from typing import Any

import pytest

from aftercall.core.records import Role
from tests.http_receiver import open_receiver
from tests.web.rest_server import ApiClient, BuildServer, RestServer

RULE: dict[str, Any] = {
    "name": "Bad calls",
    "condition": {"kind": "live_quality", "level": "bad", "minutes": 3},
}


@pytest.fixture
def server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    return build_server(data_dir=tmp_path, outbound_allow="127.0.0.0/8")


async def _ask(client: ApiClient, method: str, rest: str, **request: Any) -> Any:
    return await client.request_url(method, f"/v1/apps/{client.app_id}{rest}", **request)


async def _made(client: ApiClient, rest: str, body: Any) -> Any:
    answer = await _ask(client, "POST", rest, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def _channel(url: str, **members: Any) -> dict[str, Any]:
    return {"name": "Here", "target": {"kind": "webhook", "url": url, **members}}


async def test_a_rule_is_created_read_replaced_muted_and_deleted(server: RestServer) -> None:
    owner = await server.new_client()
    channel = await _made(owner, "/alert-channels", _channel("http://127.0.0.1:9/x"))
    rule = await _made(owner, "/alert-rules", RULE | {"channels": [channel["id"]]})
    assert rule["rule"]["condition"] == RULE["condition"] | {"people": 1}
    path = f"/alert-rules/{rule['id']}"
    assert (await _ask(owner, "GET", path)).json()["data"] == rule
    assert (await _ask(owner, "GET", "/alert-rules")).json()["data"]["rules"] == [rule]
    changed = await _ask(owner, "PUT", path, json=RULE | {"severity": "critical"})
    assert changed.json()["data"]["rule"]["severity"] == "critical"
    muted = await _ask(owner, "POST", path + "/mute", json={"for_s": 60})
    assert muted.json()["data"]["muted_until"] == server.clock.now + 60_000
    loud = await _ask(owner, "POST", path + "/mute", json={"for_s": 0})
    assert loud.json()["data"]["muted_until"] is None
    assert (await _ask(owner, "DELETE", path)).status_code == 200
    assert (await _ask(owner, "GET", path)).status_code == 404
    assert (await _ask(owner, "DELETE", path)).status_code == 404


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "webhook", "url": "https://example.com/hidden", "secret": "hidden" * 4},
        {"kind": "slack", "url": "https://hooks.example.com/services/hidden"},
        {"kind": "pagerduty", "routing_key": "hidden0123456789"},
        {"kind": "apprise", "url": "matrix://user:hidden@matrix.example.com"},
    ],
)
async def test_addresses_and_keys_of_channels_are_in_no_answer_and_stored_encrypted(
    server: RestServer, target: dict[str, Any]
) -> None:
    owner = await server.new_client()
    made = await _ask(owner, "POST", "/alert-channels", json={"name": "Here", "target": target})
    assert made.status_code == 201 and "hidden" not in made.text
    assert "hidden" not in (await _ask(owner, "GET", "/alert-channels")).text
    [stored] = await server.services.alert_rules.list_channels(owner.app_id)
    assert "hidden" not in repr(stored)


async def test_a_test_message_is_sent_at_once_and_a_refusal_is_answered(server: RestServer) -> None:
    owner = await server.new_client()
    with open_receiver() as receiver:
        channel = await _made(owner, "/alert-channels", _channel(receiver.url))
        path = f"/alert-channels/{channel['id']}/test"
        done = (await _ask(owner, "POST", path)).json()["data"]
        assert done == {"is_delivered": True, "problem": None}
        assert [each.json["type"] for each in receiver.take()] == ["alert.test"]
        receiver.statuses = [500]
        done = (await _ask(owner, "POST", path)).json()["data"]
        assert done == {"is_delivered": False, "problem": "the receiver answered 500"}
    await server.services.sender.close()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.0.0.1/", "address_refused"),
        ("http://[::1]/", "address_refused"),
        ("https://[", "bad_url"),
        ("https://user:word@example.com/", "url_has_credentials"),
    ],
)
async def test_an_address_that_nothing_may_be_sent_to_is_refused(
    server: RestServer, url: str, code: str
) -> None:
    owner = await server.new_client()
    answer = await _ask(owner, "POST", "/alert-channels", json=_channel(url))
    assert answer.status_code == 422 and answer.json()["error"]["reason"] == code, answer.text


async def test_a_secret_that_is_no_base64_is_refused(server: RestServer) -> None:
    owner = await server.new_client()
    body = _channel("https://example.com/", secret="whsec_no base64 at all")
    answer = await _ask(owner, "POST", "/alert-channels", json=body)
    assert answer.status_code == 422 and answer.json()["error"]["reason"] == "bad_secret"


@pytest.mark.parametrize(
    "change",
    [
        {"condition": {"kind": "weather"}},
        {"condition": {"kind": "bad_share"}},
        {"condition": {"kind": "live_quality", "minutes": 0}},
        {"channels": ["nobodys"]},
        {"hours": [{"days": ["mon"], "zone": "Europe/Atlantis"}]},
        {"quiet_hours": [{"days": []}]},
        {"name": ""},
        {"extra": 1},
    ],
)
async def test_what_is_no_rule_is_refused(server: RestServer, change: dict[str, Any]) -> None:
    owner = await server.new_client()
    answer = await _ask(owner, "POST", "/alert-rules", json=RULE | change)
    assert answer.status_code in (400, 422), answer.text
    assert (await _ask(owner, "GET", "/alert-rules")).json()["data"]["rules"] == []


async def test_nobody_but_an_admin_of_the_app_changes_its_rules_and_sees_its_channels(
    server: RestServer,
) -> None:
    owner = await server.new_client()
    channel = await _made(owner, "/alert-channels", _channel("http://127.0.0.1:9/x"))
    rule = await _made(owner, "/alert-rules", RULE)
    reader = await server.new_client(of=owner, role=Role.READ)
    stranger = await server.new_client()
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/alert-rules", RULE),
        ("PUT", f"/alert-rules/{rule['id']}", RULE),
        ("POST", f"/alert-rules/{rule['id']}/mute", {"for_s": 1}),
        ("DELETE", f"/alert-rules/{rule['id']}", None),
        ("POST", "/alert-channels", _channel("http://127.0.0.1:9/x")),
        ("GET", "/alert-channels", None),
        ("PUT", f"/alert-channels/{channel['id']}", _channel("http://127.0.0.1:9/x")),
        ("POST", f"/alert-channels/{channel['id']}/test", None),
        ("DELETE", f"/alert-channels/{channel['id']}", None),
        ("POST", "/alerts/some/mute", {"for_s": 1}),
    ]
    reads = [("GET", "/alert-rules", None), ("GET", "/alerts", None)]
    for method, rest, body in requests:
        url = f"/v1/apps/{owner.app_id}{rest}"
        assert (await reader.request_url(method, url, json=body)).status_code == 403, rest
    for method, rest, body in [*requests, *reads]:
        url = f"/v1/apps/{owner.app_id}{rest}"
        assert (await stranger.request_url(method, url, json=body)).status_code in (403, 404), rest
        assert (await _ask(reader, "GET", "/alert-rules")).status_code == 200
    for method, rest, body in requests:
        if rule["id"] in rest or channel["id"] in rest:
            answer = await _ask(stranger, method, rest, json=body)
            assert answer.status_code == 404, (rest, answer.text)
    assert (await _ask(owner, "GET", "/alert-rules")).json()["data"]["rules"] == [rule]
    assert (await _ask(owner, "GET", "/alert-channels")).json()["data"]["channels"] == [channel]
