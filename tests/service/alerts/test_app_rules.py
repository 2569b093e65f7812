"""Rules about an app as a whole: shares, silence, dead jobs."""

from msgspec.structs import replace
from sqlalchemy import insert

from aftercall.core.alerts.rules import (
    BadShareCondition,
    DeadJobsCondition,
    NoCallsCondition,
    SilentSourceCondition,
    WeeklyHours,
)
from aftercall.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, EpochMs, quarter_of
from aftercall.core.records import Job
from aftercall.service.alerts.alert_rules import Owner
from aftercall.service.alerts.outbox import DELIVER_ALERT
from aftercall.store import jobs, peers
from aftercall.store.peers import Heartbeat
from aftercall.store.sessions import rows as session_rows
from aftercall.store.tables import schema
from tests.core.quality.synthetic_call import CALL_START
from tests.service.alerts.alert_harness import APP, Alerts
from tests.stored_calls import lossy_call, session_of, store_call


async def _kinds(alerts: Alerts) -> list[str]:
    return [each.json["type"] for each in await alerts.evaluate()]


async def _count(alerts: Alerts, at: int, measured: int, bad: int, app_id: str = APP) -> None:
    row = {"app_id": app_id, "quarter": quarter_of(EpochMs(at)), "sessions": measured}
    rest = {"minutes": 1.0, "bad_sessions": bad, "measured": measured, "bad": bad}
    async with alerts.db.write() as tx:
        await tx.execute(insert(schema.session_quarters).values(row | rest))


async def test_a_share_of_bad_calls_above_its_bound_is_raised_and_resolved(alerts: Alerts) -> None:
    await alerts.add_rule(BadShareCondition(window_minutes=60, above_percent=20), clear_s=0)
    now = alerts.clock.now
    await _count(alerts, now, 40, 6)
    await _count(alerts, now, 40, 39, app_id="other")
    assert await _kinds(alerts) == []
    await _count(alerts, now - 20 * MINUTE_MS, 60, 30)
    assert await _kinds(alerts) == ["alert.raised"]
    said = alerts.messages[-1]["alert"]
    assert said["title"] == "36 % of the calls of the last 1 h were bad"
    assert said["sentence"] == "36 of 100 calls were bad, more than 20 %."
    assert said["url"] == "https://calls.test/overview"
    alerts.clock.move(HOUR_MS + 15 * MINUTE_MS)
    assert await _kinds(alerts) == ["alert.resolved"]


async def test_few_calls_are_not_judged(alerts: Alerts) -> None:
    await alerts.add_rule(BadShareCondition(above_percent=20, least_calls=20))
    await _count(alerts, alerts.clock.now, 19, 19)
    assert await _kinds(alerts) == []


async def test_a_share_above_its_own_past_is_raised_only_where_that_is_certain(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(BadShareCondition(above_past=True))
    now = alerts.clock.now
    for day in range(1, 6):
        await _count(alerts, now - day * DAY_MS, 100, 10)
    await _count(alerts, now, 40, 6)
    assert await _kinds(alerts) == []
    await _count(alerts, now - 30 * MINUTE_MS, 60, 34)
    assert await _kinds(alerts) == ["alert.raised"]
    assert "where it was 10 % in the 7 days before" in alerts.messages[-1]["alert"]["sentence"]


async def test_no_calls_where_there_should_be_some(alerts: Alerts) -> None:
    alerts.clock.now = EpochMs(CALL_START - HOUR_MS)  # 09:00
    hours = [WeeklyHours(days=["sat"], start="09:00", end="18:00")]
    await alerts.add_rule(NoCallsCondition(window_minutes=60), hours=hours, clear_s=0)
    alerts.clock.move(59 * MINUTE_MS)
    assert await _kinds(alerts) == []
    alerts.clock.move(MINUTE_MS)
    assert await _kinds(alerts) == ["alert.raised"]
    live = session_of(lossy_call(), APP, is_live=True)
    async with alerts.db.write() as tx:
        await session_rows.save_session(tx, live)
    assert await _kinds(alerts) == ["alert.resolved"]
    ended = replace(live, phase=session_of(lossy_call(), APP).phase)
    async with alerts.db.write() as tx:
        await session_rows.save_session(tx, ended)
    alerts.clock.now = EpochMs(CALL_START + 8 * HOUR_MS + 1)  # 18:00
    assert await _kinds(alerts) == []


async def test_no_calls_counts_only_where_the_weeks_before_had_some(alerts: Alerts) -> None:
    week_ms = 7 * DAY_MS
    await alerts.add_rule(NoCallsCondition(window_minutes=60, past_weeks=2))
    alerts.clock.move(2 * HOUR_MS)
    now = alerts.clock.now
    await _count(alerts, now - week_ms - 20 * MINUTE_MS, 3, 0)
    assert await _kinds(alerts) == []
    await _count(alerts, now - 2 * week_ms - 20 * MINUTE_MS, 2, 0)
    assert await _kinds(alerts) == ["alert.raised"]
    assert "the 2 weeks before there were 5" in alerts.messages[-1]["alert"]["sentence"]


async def test_a_source_that_fell_silent_is_raised_and_resolved_when_it_is_heard(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(SilentSourceCondition(source="collector", minutes=30), clear_s=0)
    await alerts.add_rule(SilentSourceCondition(source="livekit", minutes=30))
    alerts.clock.now = EpochMs(CALL_START + MINUTE_MS)
    call = lossy_call(1)
    await store_call(alerts.db, call, APP, is_live=True)
    await _hear(alerts)
    assert await _kinds(alerts) == []
    await alerts.end_call(call)
    alerts.clock.move(30 * MINUTE_MS)
    assert await _kinds(alerts) == []
    alerts.clock.move(MINUTE_MS)
    # What was heard outlives the session and the process.
    alerts.services = alerts.start_process()
    alerts.clock.move(2 * MINUTE_MS)
    assert await _kinds(alerts) == ["alert.raised"]
    assert alerts.messages[-1]["alert"]["title"] == ("Nothing from the source collector for 33 min")
    await store_call(alerts.db, call, APP, is_live=True)
    await _hear(alerts)
    assert await _kinds(alerts) == ["alert.resolved"]


async def _hear(alerts: Alerts) -> None:
    now = alerts.clock.now
    async with alerts.db.write() as tx:
        await peers.record_heartbeats(tx, [Heartbeat(APP, "ada", now, now, 1, 1)])


async def test_dead_jobs_of_the_app_are_raised_and_deliveries_of_alerts_are_not_counted(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(DeadJobsCondition(), clear_s=0)
    await alerts.add_rule(DeadJobsCondition(), owner=Owner("other account", "other"))
    for task in ("finalise", DELIVER_ALERT):
        job = Job(
            id=task, task=task, lane=task, payload={"app_id": APP}, created_at=alerts.clock.now,
            due_at=alerts.clock.now, dead_at=alerts.clock.now,
        )  # fmt: skip
        async with alerts.db.write() as tx:
            await jobs.add(tx, [job])
    assert await _kinds(alerts) == ["alert.raised"]
    assert alerts.messages[-1]["alert"]["figures"] == {"dead_jobs": 1.0}
    async with alerts.db.write() as tx:
        assert await jobs.revive(tx, "finalise", EpochMs(alerts.clock.now + DAY_MS))
    assert await _kinds(alerts) == ["alert.resolved"]
