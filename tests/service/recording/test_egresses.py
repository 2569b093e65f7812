"""Recording reports of recordings and livestreams."""

from itertools import permutations
from typing import Any

import pytest

from aftercall.core.egresses import Egress, EgressKind, EgressStatus
from aftercall.core.events import EgressReported
from aftercall.service.recording.delivery import Status
from aftercall.store import egresses
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join_session


@pytest.fixture
def harness(db: Database) -> RecorderHarness:
    return RecorderHarness(db)


def report(status: EgressStatus, seconds: float, **members: Any) -> EgressReported:
    values: dict[str, Any] = {
        "id": f"{status} {seconds}",
        "kind": EgressKind.RECORDING,
        "egress_id": "rec",
        "session_id": "call",
        "meeting_id": "m-call",
    }
    return EgressReported(at=at(seconds), status=status, **(values | members))


async def _find(db: Database, kind: EgressKind = EgressKind.RECORDING) -> Egress | None:
    async with db.read() as tx:
        return await egresses.find_egress(tx, APP, kind, "rec")


INVOKED = report(EgressStatus.INVOKED, 5)
ACTIVE = report(EgressStatus.ACTIVE, 10, started_at=at(10))
UPLOADED = report(
    EgressStatus.COMPLETE, 900, stopped_at=at(70), texts={"file_name": "a.mp4", "name": "A"}
)


@pytest.mark.parametrize("order", tuple(permutations((INVOKED, ACTIVE, UPLOADED))))
async def test_reports_in_any_order_make_the_same_recording(
    harness: RecorderHarness, order: tuple[EgressReported, ...]
) -> None:
    await harness.record_call()
    for each in order:
        await harness.record_accepted(each)
    found = await _find(harness.db)
    assert found is not None
    assert (found.session_id, found.meeting_id) == ("call", "m-call")
    assert (found.status, found.invoked_at, found.length_ms) == ("complete", at(5), 60_000)
    assert found.text("file_name") == "a.mp4"


async def test_a_repeat_is_a_duplicate(harness: RecorderHarness) -> None:
    await harness.record_call()
    await harness.record_accepted(INVOKED, ACTIVE)
    harness.advance(60)
    assert await harness.record(ACTIVE, INVOKED) == [Status.DUPLICATE, Status.DUPLICATE]


async def test_a_report_of_an_unknown_session_waits_for_it(harness: RecorderHarness) -> None:
    await harness.record_accepted(ACTIVE)
    assert await _find(harness.db) is None
    await harness.record_call()
    found = await _find(harness.db)
    assert found is not None
    assert found.status is EgressStatus.ACTIVE


async def test_a_report_that_names_a_meeting_belongs_to_the_session_of_its_time(
    harness: RecorderHarness,
) -> None:
    await harness.record_call()
    late = report(EgressStatus.COMPLETE, 9_000, session_id=None, started_at=at(20))
    await harness.record_accepted(late)
    found = await _find(harness.db)
    assert found is not None
    assert found.session_id == "call"


async def test_a_report_at_a_time_without_a_session_is_refused(harness: RecorderHarness) -> None:
    await harness.record_call()
    assert await harness.record(report(EgressStatus.ACTIVE, 9_000, session_id=None)) == [
        Status.REJECTED
    ]


async def test_later_reports_need_to_name_no_session(harness: RecorderHarness) -> None:
    await harness.record_call()
    await harness.record_accepted(ACTIVE)
    done = report(EgressStatus.COMPLETE, 9_000, session_id=None, meeting_id=None)
    await harness.record_accepted(done)
    found = await _find(harness.db)
    assert found is not None
    assert found.status is EgressStatus.COMPLETE


async def test_a_recording_and_a_livestream_may_have_one_id(harness: RecorderHarness) -> None:
    await harness.record_accepted(join_session("p", 0, session_id="call", user="ana"))
    await harness.record_accepted(
        ACTIVE, report(EgressStatus.FAILED, 30, kind=EgressKind.LIVESTREAM)
    )
    assert (await _find(harness.db)) != (await _find(harness.db, EgressKind.LIVESTREAM))
