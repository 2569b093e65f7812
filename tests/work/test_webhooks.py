"""Webhooks from their cause to a receiver, on both engines."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aftercall.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from aftercall.core.webhook_retry import DELAYS_MS
from aftercall.ingest.realtimekit_webhooks import source as realtimekit_source
from aftercall.outbound.address_rules import read_networks
from aftercall.outbound.safe_sender import SafeSender
from aftercall.work import webhooks
from aftercall.work.webhooks import Dispatcher
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import BuildServer, RestServer
from tests.webhook_receiver import Received, Receiver, open_receiver, status

EVERY = [
    "meeting.started", "meeting.ended", "meeting.participantJoined", "meeting.participantLeft",
    "meeting.chatSynced", "meeting.transcript", "meeting.summary",
]  # fmt: skip


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as found:
        yield found


@pytest.fixture
async def sender() -> AsyncIterator[SafeSender]:
    found = SafeSender(read_networks("127.0.0.0/8"))
    yield found
    await found.close()


@pytest.fixture
def server(build_server: BuildServer) -> RestServer:
    return build_server(outbound_allow="127.0.0.0/8")


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as found:
        yield found


@pytest.fixture
def dispatcher(server: RestServer, sender: SafeSender) -> Dispatcher:
    return Dispatcher(server.services, sender)


async def subscribe(intake: IntakeHarness, url: str, *events: str, **more: Any) -> str:
    body = {"name": "CRM", "url": url, "events": events or EVERY} | more
    answer = await intake.owner.request("POST", "/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["data"]["id"]
    return id


async def join(intake: IntakeHarness, peer: str, at_s: float, *, meeting_id: str = "room") -> None:
    """A join that is new now: the clock moves with it."""
    clock = intake.server.clock
    (result,) = await intake.events(
        {"type": "peer_joined", "id": f"j {peer}", "at": at_s * SECOND_MS, "peer_id": peer,
         "participant": {"display_name": peer.title(), "custom_participant_id": f"crm-{peer}"}},
        meeting_id=meeting_id,
    )  # fmt: skip
    assert result["status"] == "accepted", (result, clock.now)


async def deliveries(intake: IntakeHarness, webhook_id: str, **query: Any) -> list[dict[str, Any]]:
    owner = intake.owner
    path = f"/v1/apps/{owner.app_id}/webhooks/{webhook_id}/deliveries"
    answer = await owner.request_url("GET", path, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]["deliveries"]
    return found


async def own(intake: IntakeHarness, method: str, path: str, **request: Any) -> Any:
    owner = intake.owner
    url = f"/v1/apps/{owner.app_id}/webhooks/{path}"
    return await owner.request_url(method, url, **request)


async def test_what_happens_to_a_session_is_posted_in_order(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    webhook_id = await subscribe(intake, receiver.url)
    await record_calls(intake)
    assert await dispatcher.run_due() > 0
    (over,) = [each["id"] for each in await intake.sessions() if each["status"] == "ENDED"]
    ended = [each for each in receiver.received if _session_of(each) == over]
    assert [each.content["event"] for each in ended] == [
        "meeting.started",
        *["meeting.participantJoined"] * 3,
        *["meeting.participantLeft"] * 3,
        "meeting.ended",
        "meeting.chatSynced",
        "meeting.transcript",
        "meeting.summary",
    ]
    assert {each.headers["rtk-webhook-id"] for each in receiver.received} == {webhook_id}
    assert len({each.id for each in receiver.received}) == len(receiver.received)
    for each in receiver.received:
        assert each.id == each.headers["rtk-uuid"] == each.headers["dyte-uuid"]


async def test_only_what_was_subscribed_to_is_posted(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    await subscribe(intake, receiver.url, "meeting.ended", meeting_ids=["other"])
    await subscribe(intake, receiver.url, "meeting.started", meeting_ids=["room"])
    await subscribe(intake, receiver.url, "meeting.started", enabled=False)
    await record_calls(intake)
    await dispatcher.run_due()
    assert receiver.events == ["meeting.started"]
    assert receiver.received[0].content["meeting"]["id"] == "room"


async def test_what_a_receiver_failed_at_holds_up_its_session_and_no_other(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    webhook_id = await subscribe(intake, receiver.url)
    for peer in ("ana", "ben"):
        await join(intake, peer, 0, meeting_id="failing")
    await join(intake, "cy", 0, meeting_id="fine")
    is_up = False

    def reply(request: Received) -> bytes:
        is_failing = request.content["meeting"]["id"] == "failing"
        return status(500 if is_failing and not is_up else 200, b"sorry")

    receiver.reply = reply
    await dispatcher.run_due()
    by_meeting = [
        (each.content["meeting"]["id"], each.content["event"]) for each in receiver.received
    ]
    assert by_meeting.count(("failing", "meeting.started")) == 1
    assert ("failing", "meeting.participantJoined") not in by_meeting
    assert ("fine", "meeting.participantJoined") in by_meeting
    (failed,) = [each for each in await deliveries(intake, webhook_id) if each["attempts"]
                 and each["state"] == "waiting"]  # fmt: skip
    assert [each["status"] for each in failed["log"]] == [500]
    assert failed["excerpt"] == "sorry"
    is_up = True
    receiver.received.clear()
    await dispatcher.run_due()
    assert receiver.received == []
    intake.server.clock.move(DELAYS_MS[0])
    await dispatcher.run_due()
    assert receiver.events == [
        "meeting.started", "meeting.participantJoined", "meeting.participantJoined",
    ]  # fmt: skip
    assert receiver.received[0].id == failed["id"]
    assert {each["state"] for each in await deliveries(intake, webhook_id)} == {"sent"}


async def test_a_receiver_that_is_silent_slows_no_other(
    intake: IntakeHarness,
    dispatcher: Dispatcher,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_S", 3.0)
    async with open_receiver() as silent:
        silent.reply = lambda request: None
        silent_id = await subscribe(intake, silent.url)
        fine_id = await subscribe(intake, receiver.url)
        for number in range(30):
            await join(intake, f"p{number}", 0, meeting_id=f"m{number}")
        await dispatcher.run_due()
        assert len(receiver.received) == 60
        assert {each["state"] for each in await deliveries(intake, fine_id, limit=200)} == {"sent"}
        # As many as are tried at once, and then nothing until the pause is over.
        assert 0 < len(silent.received) <= webhooks.PER_WEBHOOK
        waiting = await deliveries(intake, silent_id, limit=200)
        errors = {each["log"][-1]["error"] for each in waiting if each["log"]}
        assert errors == {"timed_out"}
        assert {each["state"] for each in waiting} == {"waiting"}


@pytest.mark.parametrize("is_up_after", [True, False])
async def test_a_receiver_that_is_down_is_tried_for_a_day(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver, is_up_after: bool
) -> None:
    webhook_id = await subscribe(intake, receiver.url, "meeting.started")
    await join(intake, "ana", 0)
    receiver.reply = lambda request: status(503)
    await dispatcher.run_due()
    for number, delay_ms in enumerate(DELAYS_MS):
        intake.server.clock.move(delay_ms - 1)
        assert await dispatcher.run_due() == 0
        if is_up_after and number == len(DELAYS_MS) - 1:
            receiver.reply = lambda request: status(204)
        intake.server.clock.move(1 + 5 * MINUTE_MS)
        await dispatcher.run_due()
    assert len({each.id for each in receiver.received}) == 1
    assert len(receiver.received) == len(DELAYS_MS) + 1
    (delivery,) = await deliveries(intake, webhook_id)
    assert delivery["state"] == ("sent" if is_up_after else "dead")
    assert delivery["attempts"] == len(DELAYS_MS) + 1
    intake.server.clock.move(2 * DAY_MS)
    assert await dispatcher.run_due() == 0


async def test_dead_deliveries_are_listed_and_posted_again_with_their_id(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    webhook_id = await subscribe(intake, receiver.url, "meeting.started")
    for meeting in ("one", "two", "three"):
        await join(intake, f"p {meeting}".replace(" ", ""), 0, meeting_id=meeting)
    receiver.reply = lambda request: status(500)
    await dispatcher.run_due()
    intake.server.clock.move(26 * HOUR_MS)
    await intake.server.services.webhook_deliveries.keep_up()
    dead = await deliveries(intake, webhook_id, state="dead")
    assert len(dead) == 3
    receiver.reply = lambda request: status(200)
    receiver.received.clear()
    replayed = await own(intake, "POST", f"{webhook_id}/deliveries/{dead[0]['id']}/replay")
    assert replayed.json()["data"]["state"] == "waiting"
    again = await own(intake, "POST", f"{webhook_id}/deliveries/{dead[0]['id']}/replay")
    assert (again.status_code, again.json()["error"]["reason"]) == (400, "delivery_waits")
    await dispatcher.run_due()
    assert [each.id for each in receiver.received] == [dead[0]["id"]]
    times = {"from": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}
    ranged = await own(intake, "POST", f"{webhook_id}/replay", json=times)
    assert ranged.json()["data"] == {"replayed": 2}
    intake.server.clock.move(HOUR_MS)
    await dispatcher.run_due()
    assert {each.id for each in receiver.received} == {each["id"] for each in dead}
    assert await deliveries(intake, webhook_id, state="dead") == []


async def test_a_receiver_that_is_gone_is_unsubscribed(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    webhook_id = await subscribe(intake, receiver.url, "meeting.started")
    await join(intake, "ana", 0)
    receiver.reply = lambda request: status(410)
    await dispatcher.run_due()
    found = (await own(intake, "GET", "")).json()["data"]["webhooks"]
    assert [(each["enabled"], each["unsubscribed_at"] is not None) for each in found] == [
        (False, True)
    ]
    await join(intake, "ben", 1, meeting_id="other")
    await dispatcher.run_due()
    assert len(receiver.received) == 1
    assert len(await deliveries(intake, webhook_id)) == 1


@pytest.mark.parametrize("code", [301, 307, 308, 400, 401, 404, 422])
async def test_a_refusal_and_a_redirect_are_final(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver, code: int
) -> None:
    webhook_id = await subscribe(intake, receiver.url, "meeting.started")
    await join(intake, "ana", 0)
    receiver.reply = lambda request: status(code, location="http://127.0.0.1:1/elsewhere")
    await dispatcher.run_due()
    (delivery,) = await deliveries(intake, webhook_id)
    assert (delivery["state"], delivery["log"][0]["status"]) == ("refused", code)
    assert len(receiver.received) == 1


async def test_the_wait_that_a_receiver_asks_for_is_kept(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    await subscribe(intake, receiver.url, "meeting.started")
    await join(intake, "ana", 0)
    receiver.reply = lambda request: status(429, retry_after="600")
    await dispatcher.run_due()
    await join(intake, "ben", 1, meeting_id="other")
    intake.server.clock.move(599 * SECOND_MS)
    assert await dispatcher.run_due() == 0
    receiver.reply = lambda request: status(200)
    intake.server.clock.move(SECOND_MS)
    await dispatcher.run_due()
    assert len(receiver.received) == 3


async def test_of_a_huge_answer_a_kilobyte_is_kept(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    webhook_id = await subscribe(intake, receiver.url, "meeting.started")
    await join(intake, "ana", 0)
    receiver.reply = lambda request: status(200, b"x" * 5_000_000)
    await dispatcher.run_due()
    (delivery,) = await deliveries(intake, webhook_id)
    assert delivery["state"] == "sent"
    assert delivery["excerpt"] == "x" * 1_024


async def test_an_address_that_is_not_public_is_refused(
    intake: IntakeHarness, server: RestServer, receiver: Receiver
) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    webhook_id = await subscribe(intake, url, "meeting.started")
    await join(intake, "ana", 0)
    await Dispatcher(server.services, SafeSender()).run_due()
    (delivery,) = await deliveries(intake, webhook_id)
    assert (delivery["state"], delivery["log"][0]["error"]) == ("refused", "address_refused")
    assert receiver.received == []


async def test_an_attempt_whose_process_was_killed_is_made_again_with_its_id(
    intake: IntakeHarness, server: RestServer, sender: SafeSender, receiver: Receiver
) -> None:
    await subscribe(intake, receiver.url)
    await join(intake, "ana", 0)
    # A process claims the lane and posts, and is gone before it has recorded anything.
    claimed = await server.services.webhook_deliveries.claim({}, usual=8)
    assert [each.delivery.event.value for each in claimed] == ["session_started"]
    next_one = Dispatcher(server.services, sender)
    assert await next_one.run_due() == 0
    intake.server.clock.move(MINUTE_MS)
    await next_one.run_due()
    assert receiver.events == ["meeting.started", "meeting.participantJoined"]
    assert receiver.received[0].id == claimed[0].delivery.id


async def test_what_is_about_a_deleted_session_is_not_posted(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    webhook_id = await subscribe(intake, receiver.url)
    await record_calls(intake)
    (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
    owner = intake.owner
    answer = await owner.request_url("DELETE", f"/v1/apps/{owner.app_id}/sessions/{over['id']}")
    assert answer.status_code == 200, answer.text
    await dispatcher.run_due()
    assert over["id"] not in {_session_of(each) for each in receiver.received}
    assert over["id"] not in {each["session_id"] for each in await deliveries(intake, webhook_id)}


async def test_a_deleted_webhook_leaves_nothing(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver, server: RestServer
) -> None:
    webhook_id = await subscribe(intake, receiver.url)
    await record_calls(intake)
    await intake.owner.request("DELETE", f"/webhooks/{webhook_id}")
    await dispatcher.run_due()
    assert receiver.received == []
    await server.services.webhooks.delete_deliveries(intake.owner.app_id, webhook_id)
    assert (await own(intake, "GET", f"{webhook_id}/deliveries")).status_code == 404


async def test_our_own_source_reads_what_is_posted(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver, server: RestServer
) -> None:
    await subscribe(intake, receiver.url)
    await record_calls(intake)
    await dispatcher.run_due()
    answer = await server.client.get("/.well-known/webhooks.json")
    key = answer.json()["data"]["publicKey"]
    for each in receiver.received:
        realtimekit_source.check(each.headers["rtk-signature"], each.body, key, server.clock.now)


async def test_each_status_of_a_recording_and_a_livestream_is_posted(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    await subscribe(intake, receiver.url, "recording.statusUpdate", "livestreaming.statusUpdate")
    await join(intake, "ada", 0)
    of_file: dict[str, Any] = {"type": "recording_changed", "recording_id": "rec"}
    of_stream: dict[str, Any] = {"type": "livestream_changed", "livestream_id": "str", "at": 6_000}
    await intake.events(
        {**of_file, "at": 1_000, "status": "recording"},
        {**of_file, "at": 9_000, "status": "uploaded", "duration_s": 4},
        {**of_stream, "status": "live"},
        {**of_stream, "status": "ended"},
    )
    await dispatcher.run_due()
    (session,) = await intake.sessions()
    found = [each.content for each in receiver.received]
    files = [each["recording"] for each in found if "recording" in each]
    assert [each["status"] for each in files] == ["RECORDING", "UPLOADED"]
    assert (files[1]["roomUUID"], files[1]["recordingDuration"]) == (session["id"], 4)
    assert [each["status"] for each in found if "streamId" in each] == ["LIVE", "OFFLINE"]


async def test_a_test_delivery_arrives(
    intake: IntakeHarness, dispatcher: Dispatcher, receiver: Receiver
) -> None:
    webhook_id = await subscribe(intake, receiver.url, "meeting.ended")
    made = (await own(intake, "POST", f"{webhook_id}/test")).json()["data"]
    assert made["state"] == "waiting"
    await dispatcher.run_due()
    assert receiver.events == ["webhook.test"]
    (delivery,) = await deliveries(intake, webhook_id)
    assert (delivery["id"], delivery["state"]) == (made["id"], "sent")


def _session_of(received: Received) -> str:
    content = received.content
    session_id: str = content.get("sessionId") or content["meeting"]["sessionId"]
    return session_id
