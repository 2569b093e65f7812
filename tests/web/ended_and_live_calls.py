"""An ended call that was folded and summarised, a live one, and a fact that waits for its peer."""

from typing import Any

from aftercall.simulator.call import Call
from aftercall.work.tasks import tasks_of
from tests.acceptance.seeded_session import event_of
from tests.recorder_harness import NOON
from tests.web.intake_harness import IntakeHarness


async def record_calls(intake: IntakeHarness) -> None:
    """Record both through the intake, and run the jobs of the one that ended."""
    owner, services = intake.owner, intake.server.services
    call = Call(seed=4, number=0, participants=3, length_s=60, interval_s=7, begin_ms=NOON)
    place = {"meeting_id": "room", "session_id": "over"}
    events = [{"type": "session_opened", "id": "opened", "at": NOON, "title": "Over", **place}]
    events += [
        {**event_of(stated), "peer_id": stated.peer.id, **place}
        for _, second in call.play()
        for stated in second
    ]
    events += [
        {"type": "session_closed", "id": "closed", "at": NOON + 60_000, **place},
        {"type": "chat_sent", "id": "hello", "at": NOON + 5_000, "user_id": "guest-0",
         "display_name": "Kim", "text": "Hello", **place},
        {"type": "line_spoken", "id": "line", "at": NOON + 5_000, "end_at": NOON + 6_000,
         "user_id": "guest-0", "display_name": "Kim", "text": "We agreed on Friday.", **place},
        {"type": "peer_left", "id": "early", "at": NOON, "meeting_id": "room", "peer_id": "late"},
    ]  # fmt: skip
    for part in range(0, len(events), 400):
        path = f"/v1/apps/{owner.app_id}/events"
        body: Any = {"events": events[part : part + 400]}
        results = (await intake.post(path, body, token=owner.token))["results"]
        assert [each for each in results if each["status"] == "rejected"] == []
    intake.server.clock.move(60_000)
    sample = {"connections": [{"id": "pc", "stats": [{"id": "A", "type": "outbound-rtp"}]}]}
    await intake.collect(
        {"type": "join", "seq": 0, "at": NOON}, {"type": "sample", "seq": 1, "at": NOON, **sample}
    )
    intake.server.clock.move(20_000)
    (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
    await owner.request("POST", f"/sessions/{over['id']}/summary")
    tasks = tasks_of(services)
    while jobs := await services.jobs.claim(9):
        for job in jobs:
            await tasks[job.task].run(job.payload)
            await services.jobs.finish(job)
