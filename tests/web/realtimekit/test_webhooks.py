"""Webhooks over HTTP; and Cloudflare's own client, strict about every member, reads the answers."""

from typing import Any

import pytest
from cloudflare import AsyncCloudflare

from aftercall.core.records import Role

RestServer = Any
BODY = {"name": "CRM", "url": "https://crm.example.com/calls", "events": ["meeting.ended"]}


async def _created(caller: Any, **more: Any) -> dict[str, Any]:
    answer = await caller.request("POST", "/webhooks", json=BODY | more)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_the_official_client_accepts_every_answer(server: RestServer) -> None:
    caller = await server.new_client()
    client = AsyncCloudflare(
        api_token=caller.token,
        base_url="http://aftercall.test/client/v4",
        http_client=server.client,
        max_retries=0,
        _strict_response_validation=True,
    ).realtime_kit.webhooks
    where: dict[str, Any] = {"account_id": caller.account_id, "app_id": caller.app_id}
    made = await client.create_webhook(
        caller.app_id,
        account_id=caller.account_id,
        name="CRM",
        url="https://crm.example.com",
        events=["meeting.started", "meeting.summary"],
    )
    id = made.data.id
    assert made.data.enabled is True
    assert made.data.events == ["meeting.started", "meeting.summary"]
    found = await client.get_webhook_by_id(id, **where)
    assert (found.data.id, found.data.url) == (id, "https://crm.example.com")
    changed = await client.edit_webhook(id, enabled=False, **where)
    assert (changed.data.enabled, changed.data.name) == (False, "CRM")
    replaced = await client.replace_webhook(
        id, name="ERP", url="https://erp.example.com", events=["meeting.ended"], **where
    )
    assert (replaced.data.enabled, replaced.data.name) == (True, "ERP")
    listed = await client.get_webhooks(caller.app_id, account_id=caller.account_id)
    assert [each.id for each in listed.data] == [id]
    assert (await client.delete_webhook(id, **where)).data.id == id
    assert (await caller.request("GET", "/webhooks")).json()["data"] == []


async def test_the_list_is_at_its_older_address_as_well(server: RestServer) -> None:
    caller = await server.new_client()
    made = await _created(caller)
    listed = (await caller.request("GET", "/webhooks/all")).json()["data"]
    assert listed == [made]


async def test_what_a_patch_leaves_out_stays(server: RestServer) -> None:
    caller = await server.new_client()
    made = await _created(caller, meeting_ids=["weekly"])
    answer = await caller.request("PATCH", f"/webhooks/{made['id']}", json={"name": "New"})
    assert answer.json()["data"] | {"updated_at": ""} == made | {"name": "New", "updated_at": ""}


@pytest.mark.parametrize(
    ("change", "reason", "field"),
    [
        ({"name": ""}, "bad_body", "name"),
        ({"events": []}, "bad_body", "events"),
        ({"events": ["meeting.exploded"]}, "bad_body", "events[0]"),
        ({"enabled": "yes"}, "bad_body", "enabled"),
        ({"secret": "x"}, "bad_body", "secret"),
        ({"meeting_ids": ["a b"]}, "bad_body", "meeting_ids[0]"),
        ({"url": "ftp://crm.example.com"}, "url_not_web", "url"),
        ({"url": "crm.example.com"}, "url_not_web", "url"),
        ({"url": "https://u:p@crm.example.com"}, "url_has_credentials", "url"),
        ({"url": "http://127.0.0.1/hook"}, "address_refused", "url"),
        ({"url": "http://169.254.169.254/latest"}, "address_refused", "url"),
        ({"url": "https://[::1]/hook"}, "address_refused", "url"),
    ],
)
async def test_what_is_no_webhook_is_refused_in_a_sentence(
    server: RestServer, change: dict[str, Any], reason: str, field: str
) -> None:
    caller = await server.new_client()
    made = await _created(caller)
    for method, path, body in (
        ("POST", "/webhooks", BODY | change),
        ("PUT", f"/webhooks/{made['id']}", BODY | change),
        ("PATCH", f"/webhooks/{made['id']}", change),
    ):
        answer = await caller.request(method, path, json=body)
        assert answer.status_code == 422, (method, answer.text)
        error = answer.json()["error"]
        assert (error["reason"], error["field"]) == (reason, field), method
    assert (await caller.request("GET", f"/webhooks/{made['id']}")).json()["data"] == made


async def test_an_app_has_a_hundred_webhooks_at_the_most(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aftercall.service.webhooks.subscriptions.MOST_WEBHOOKS", 1)
    caller = await server.new_client()
    await _created(caller)
    answer = await caller.request("POST", "/webhooks", json=BODY)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (422, "too_many_webhooks")


async def test_only_admins_see_secrets_and_deliveries(server: RestServer) -> None:
    caller = await server.new_client()
    made = await _created(caller)
    reader = await server.new_client(role=Role.READ, of=caller)
    own = f"/v1/apps/{caller.app_id}/webhooks/{made['id']}"
    for path in ("/secret", "/deliveries"):
        assert (await reader.request_url("GET", own + path)).status_code == 403
        assert (await caller.request_url("GET", own + path)).status_code == 200


async def test_another_apps_webhook_is_not_found_below_our_own_addresses(
    server: RestServer,
) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    made = await _created(owner)
    delivery = await owner.request_url(
        "POST", f"/v1/apps/{owner.app_id}/webhooks/{made['id']}/test"
    )
    id = delivery.json()["data"]["id"]
    times = {"from": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}
    own = f"/v1/apps/{stranger.app_id}/webhooks/{made['id']}"
    for method, path, body in (
        ("GET", "/secret", None),
        ("POST", "/secret", None),
        ("GET", "/deliveries", None),
        ("POST", f"/deliveries/{id}/replay", None),
        ("POST", "/replay", times),
        ("POST", "/test", None),
    ):
        answer = await stranger.request_url(method, own + path, json=body)
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.json()["error"]["reason"] in {"webhook_not_found", "delivery_not_found"}


async def test_the_secret_is_stored_encrypted_and_can_be_renewed(server: RestServer) -> None:
    caller = await server.new_client()
    made = await _created(caller)
    own = f"/v1/apps/{caller.app_id}/webhooks/{made['id']}/secret"
    first = (await caller.request_url("GET", own)).json()["data"]["secret"]
    assert first.startswith("whsec_")
    webhook = await server.services.webhooks.find(caller.app_id, made["id"])
    assert first not in webhook.sealed_secret
    second = (await caller.request_url("POST", own)).json()["data"]["secret"]
    assert second != first
    assert (await caller.request_url("GET", own)).json()["data"]["secret"] == second
    webhook = await server.services.webhooks.find(caller.app_id, made["id"])
    assert server.services.webhooks.secrets_of(webhook) == [second, first]
    server.clock.move(86_400_000)
    assert server.services.webhooks.secrets_of(webhook) == [second]
