"""Webhooks know nothing of an erased person, before and after they are posted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aftercall.core.instants import HOUR_MS
from aftercall.core.privacy_records import ErasureState
from aftercall.outbound.address_rules import read_networks
from aftercall.outbound.safe_sender import SafeSender
from aftercall.store.engine.database import Database
from aftercall.work.webhooks import Dispatcher
from tests.service.privacy.erasure_harness import erase, places_of_seeds
from tests.service.privacy.personal_call import CUSTOM, NAME, SEEDS, record_call
from tests.web.rest_server import BuildServer
from tests.webhook_receiver import Receiver, open_receiver, status


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as found:
        yield found


@pytest.fixture
async def sender() -> AsyncIterator[SafeSender]:
    found = SafeSender(read_networks("127.0.0.0/8"))
    yield found
    await found.close()


async def test_an_erasure_reaches_what_was_answered_and_what_is_still_to_be_posted(
    db: Database, build_server: BuildServer, sender: SafeSender, receiver: Receiver, tmp_path: Path
) -> None:
    server = build_server(data_dir=tmp_path, privacy="full", outbound_allow="127.0.0.0/8")
    dispatcher = Dispatcher(server.services, sender)
    owner = await server.new_client()
    events = ["meeting.participantJoined", "meeting.participantLeft"]
    for name, url in (("up", receiver.url), ("down", "http://127.0.0.1:1/hook")):
        body = {"name": name, "url": url, "events": events}
        assert (await owner.request("POST", "/webhooks", json=body)).status_code == 201
    # The receiver repeats what was posted to it.
    receiver.reply = lambda request: status(200, request.body[:900])
    await record_call(server, owner)
    await dispatcher.run_due()
    texts = [each.body.decode() for each in receiver.received]
    assert any(NAME in text and CUSTOM in text for text in texts)
    assert ("webhook_deliveries.excerpt", NAME) in await places_of_seeds(db)
    assert {place for place, _ in await places_of_seeds(db) if "webhook" in place} == {
        "webhook_deliveries.excerpt"
    }
    assert (await erase(server, owner)).state is ErasureState.DONE
    assert await places_of_seeds(db) == set()
    receiver.received.clear()
    listed = (await owner.request_url("GET", f"/v1/apps/{owner.app_id}/webhooks")).json()["data"]
    (down,) = [each["id"] for each in listed["webhooks"] if each["name"] == "down"]
    await owner.request("PATCH", f"/webhooks/{down}", json={"url": receiver.url})
    server.clock.move(HOUR_MS)
    await dispatcher.run_due()
    assert receiver.received != []
    texts = [each.body.decode() for each in receiver.received]
    assert [seed for seed in SEEDS for text in texts if seed in text] == []
