"""What is posted is verified as receivers verify it: by the vendor's recipe in Node, and by the
library of Standard Webhooks."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError

from aftercall.core.instants import DAY_MS, MINUTE_MS, EpochMs
from aftercall.core.records import App
from aftercall.core.webhooks import News, WebhookEvent, delivery_of
from aftercall.core.webhooks import Webhook as Subscription
from aftercall.outbound.address_rules import read_networks
from aftercall.outbound.safe_sender import SafeSender
from aftercall.service.webhooks.signing_keys import KEPT_MS, KNOWN_MS
from aftercall.wire.webhook_payloads import PayloadFacts, encode_headers, encode_payload
from aftercall.work.webhooks import Dispatcher
from tests.recorder_harness import NOON
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import BuildServer, RestServer
from tests.webhook_receiver import Receiver, open_receiver

NODE = """
const crypto = require('crypto');
const deliveries = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const results = deliveries.map(({publicKey, signature, body}) => {
  const payload = JSON.parse(body);
  const verifier = crypto.createVerify('RSA-SHA256');
  verifier.update(JSON.stringify(payload));
  return verifier.verify(publicKey, signature, 'base64');
});
console.log(JSON.stringify(results));
"""
"""The vendor's recipe: the signature is that of the parsed body, written again."""


@pytest.fixture
def server(build_server: BuildServer) -> RestServer:
    return build_server(outbound_allow="127.0.0.0/8")


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as found:
        yield found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as found:
        yield found


@pytest.fixture
async def dispatcher(server: RestServer) -> AsyncIterator[Dispatcher]:
    sender = SafeSender(read_networks("127.0.0.0/8"))
    yield Dispatcher(server.services, sender)
    await sender.close()


async def _subscribed(intake: IntakeHarness, receiver: Receiver) -> str:
    events = ["meeting.started", "meeting.participantJoined", "meeting.ended"]
    body = {"name": "CRM", "url": receiver.url, "events": events}
    id: str = (await intake.owner.request("POST", "/webhooks", json=body)).json()["data"]["id"]
    return id


async def _published(server: RestServer) -> dict[str, Any]:
    answer = (await server.client.get("/.well-known/webhooks.json")).json()
    assert (answer["success"], answer["message"]) == (True, "")
    data: dict[str, Any] = answer["data"]
    return data


def _node(deliveries: list[dict[str, str]]) -> list[bool]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    done = subprocess.run(
        [node, "-e", NODE],
        input=json.dumps(deliveries),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    results: list[bool] = json.loads(done.stdout)
    return results


async def test_the_vendors_recipe_verifies_what_is_posted(
    intake: IntakeHarness, server: RestServer, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    await _subscribed(intake, receiver)
    title = 'Ü "q" \\ / \u2028 \x7f\t\x01 日本 🎉'
    await intake.events(
        {"type": "session_opened", "id": "o", "at": 0, "title": title, "session_id": "s"},
        {"type": "peer_joined", "id": "j", "at": 0, "peer_id": "p", "session_id": "s",
         "participant": {"display_name": "Zoë\u2029\x00", "custom_participant_id": "1"}},
        {"type": "session_closed", "id": "c", "at": 9, "session_id": "s"},
    )  # fmt: skip
    await dispatcher.run_due()
    assert len(receiver.received) == 3
    key = (await _published(server))["publicKey"]
    signed = [
        {
            "publicKey": key,
            "signature": each.headers[f"{prefix}-signature"],
            "body": each.body.decode(),
        }
        for each in receiver.received
        for prefix in ("rtk", "dyte")
    ]
    assert _node(signed) == [True] * 6


def _delivery(data: dict[str, Any]) -> Any:
    webhook = Subscription(
        app_id="app",
        id="webhook",
        name="CRM",
        url="https://crm.example.com",
        events=[WebhookEvent.ALERT_CHANGED],
        sealed_secret="",
        created_at=NOON,
        updated_at=NOON,
    )
    return delivery_of(webhook, News(event=WebhookEvent.ALERT_CHANGED, data=data), now=NOON)


APP = App(account_id="account", id="app", name="App", created_at=NOON)


@pytest.mark.parametrize("is_old", [False, True])
def test_standard_webhooks_verifies_each_secret_and_no_changed_body(is_old: bool) -> None:
    import time  # noqa: PLC0415 - the library reads the clock itself

    secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
    delivery = _delivery({"state": "raised"})
    body = encode_payload(delivery, PayloadFacts(APP))
    headers = encode_headers(
        delivery,
        body,
        signature="",
        secrets=secrets,
        at=EpochMs(time.time_ns() // 1_000_000),
        program="Aftercall",
    )
    receiver = StandardWebhook(secrets[1 if is_old else 0])
    assert receiver.verify(body, headers) == msgspec.json.decode(body)
    with pytest.raises(WebhookVerificationError):
        receiver.verify(body.replace(b"raised", b"solved"), headers)


def test_bodies_survive_being_parsed_and_written_again_in_node() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    values = [
        "".join(map(chr, range(0x300))),
        "\u2028\u2029\ufeff\U0001f389\ud7ff\ue000\uffff",
        '"\\/\b\f\n\r\t',
        {"whole": 5.0, "part": 0.1, "least": 1.5e-7, "negative": -2.0, "list": [1.0, 2.5]},
        {"deep": {"er": [{"x": 3.0}]}},
        [True, False, None, 2**53 - 1],
    ]
    for value in values:
        body = encode_payload(_delivery({"value": value}), PayloadFacts(APP))
        script = (
            "const t = require('fs').readFileSync(0, 'utf8');"
            "process.stdout.write(JSON.stringify(JSON.parse(t)))"
        )
        done = subprocess.run([node, "-e", script], input=body, capture_output=True, timeout=60)
        assert done.stdout == body


@given(
    st.recursive(
        st.one_of(st.integers(-(2**53), 2**53), st.floats(-1e15, 1e15), st.booleans()),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
    )
)
def test_no_whole_number_has_a_fraction(value: Any) -> None:
    body = encode_payload(_delivery({"value": value}), PayloadFacts(APP))
    assert b".0," not in body
    assert b".0]" not in body
    assert b".0}" not in body
    assert msgspec.json.decode(body)["alert"]["value"] == value


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_after(
    server: RestServer,
) -> None:
    keys = server.services.signing_keys
    first = (await _published(server))["publicKey"]
    body = b'{"event":"webhook.test"}'
    await keys.rotate()
    server.clock.move(KNOWN_MS + 1)
    published = await _published(server)
    assert published["publicKey"] == first
    assert len(published["publicKeys"]) == 2
    second = published["publicKeys"][1]["publicKey"]

    async def is_signed_with(key: str) -> bool:
        signature = await keys.sign(body)
        return _node([{"publicKey": key, "signature": signature, "body": body.decode()}]) == [True]

    assert await is_signed_with(first)
    server.clock.move(DAY_MS)
    published = await _published(server)
    assert [each["publicKey"] for each in published["publicKeys"]] == [second, first]
    assert published["publicKey"] == second
    assert await is_signed_with(second)
    server.clock.move(KEPT_MS + MINUTE_MS)
    await keys.rotate(lead_ms=0)
    names = [each["publicKey"] for each in (await _published(server))["publicKeys"]]
    assert first not in names
    assert second in names


async def test_private_keys_are_stored_encrypted(server: RestServer) -> None:
    (key,) = await server.services.signing_keys.published()
    assert "PRIVATE" not in key.sealed_pem
    assert "PUBLIC KEY" in key.public_pem
