"""Gauges follow the database at most every few seconds; verdicts are counted once."""

from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_summary import SessionSummary
from aftercall.core.records import Job
from aftercall.core.webhooks import News, Webhook, WebhookEvent, delivery_of
from aftercall.service.reports.finalise import Finaliser
from aftercall.service.reports.session_reports import SessionReports
from aftercall.service.reports.summaries import Summaries
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.services import default_summary_options
from aftercall.service.work_metrics import READ_EVERY_S, JudgedSessions, WorkMetrics
from aftercall.settings import Settings
from aftercall.store import jobs, webhook_deliveries
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from tests.manual_clock import ManualClock
from tests.stored_calls import lossy_call, session_of, store_call

NOW = EpochMs(1_795_000_000_000)
GAUGES = (
    *("live_sessions", "live_participants"),
    *("jobs_waiting", "jobs_dead", "jobs_overdue_seconds", "open_alerts"),
    *("webhook_deliveries_waiting", "webhook_deliveries_oldest_seconds"),
)


class Monitored:
    """The gauges of a database, with clocks that the test moves."""

    def __init__(self, db: Database) -> None:
        self.seconds = 0.0
        self.clock = ManualClock(NOW)
        self.registry = CollectorRegistry()
        self.metrics = WorkMetrics(
            db, clock=self.clock, metrics=self.registry, seconds=lambda: self.seconds
        )

    async def read(self) -> dict[str, float | None]:
        await self.metrics.read()
        return {name: self.registry.get_sample_value(f"aftercall_{name}") for name in GAUGES}


async def add_job(db: Database, id: str, *, due_at: int, is_dead: bool = False) -> None:
    job = Job(
        id=id, task="t", lane=id, payload={}, created_at=NOW, due_at=EpochMs(due_at),
        dead_at=NOW if is_dead else None,
    )  # fmt: skip
    async with db.write() as tx:
        await jobs.add(tx, [job])


async def test_an_empty_database_has_nothing_that_goes_on_or_waits(db: Database) -> None:
    assert set((await Monitored(db).read()).values()) == {0}


async def test_live_sessions_and_their_participants_are_counted_over_all_apps(
    db: Database,
) -> None:
    for app_id, participants in (("app", 3), ("other", 2)):
        live = session_of(lossy_call(), app_id, is_live=True)
        async with db.write() as tx:
            await session_rows.save_session(tx, replace(live, live_participants=participants))
    found = await Monitored(db).read()
    assert (found["live_sessions"], found["live_participants"]) == (2, 5)


async def test_jobs_are_counted_by_whether_they_will_run_and_how_long_they_are_due(
    db: Database,
) -> None:
    await add_job(db, "later", due_at=NOW + 60_000)
    monitored = Monitored(db)
    assert (await monitored.read())["jobs_overdue_seconds"] == 0
    await add_job(db, "due", due_at=NOW - 90_000)
    await add_job(db, "dead", due_at=NOW - 900_000, is_dead=True)
    monitored.seconds += READ_EVERY_S
    found = await monitored.read()
    assert (found["jobs_waiting"], found["jobs_dead"]) == (2, 1)
    assert found["jobs_overdue_seconds"] == 90


async def test_deliveries_that_wait_are_counted_with_their_age(db: Database) -> None:
    webhook = Webhook(
        app_id="app", id="w", name="", url="", events=[WebhookEvent.TEST], sealed_secret="",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    async with db.write() as tx:
        for key, at in (("early", NOW - 90_000), ("late", NOW)):
            news = News(event=WebhookEvent.TEST, key=key)
            await webhook_deliveries.add(tx, [delivery_of(webhook, news, now=EpochMs(at))])
    found = await Monitored(db).read()
    assert found["webhook_deliveries_waiting"] == 2
    assert found["webhook_deliveries_oldest_seconds"] == 90


async def test_the_database_is_asked_once_in_a_while(db: Database) -> None:
    monitored = Monitored(db)
    await monitored.read()
    await add_job(db, "due", due_at=NOW)
    monitored.seconds += READ_EVERY_S / 2
    assert (await monitored.read())["jobs_waiting"] == 0
    monitored.seconds += READ_EVERY_S / 2
    assert (await monitored.read())["jobs_waiting"] == 1


async def test_a_database_that_is_away_changes_no_gauge() -> None:
    away = await Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    assert set((await Monitored(away).read()).values()) == {0}
    await away.close()


def judged(registry: CollectorRegistry, of: str) -> dict[str, float | None]:
    name = f"aftercall_{of}_judged_total"
    return {
        verdict: registry.get_sample_value(name, {"verdict": verdict})
        for verdict in ("ok", "bad", "unknown")
    }


def test_a_session_without_measurements_is_unknown() -> None:
    registry = CollectorRegistry()
    JudgedSessions(registry).count(SessionSummary(), {})
    assert judged(registry, "sessions") == {"ok": 0, "bad": 0, "unknown": 1}


async def test_an_ended_session_is_counted_when_it_is_judged_first_and_not_again(
    db: Database,
) -> None:
    call = lossy_call()
    await store_call(db, call, "app")
    registry = CollectorRegistry()
    clock = ManualClock(call.end_at)
    finaliser = Finaliser(
        db,
        session_reports=SessionReports(db=db, clock=clock),
        summaries=Summaries(db=db, clock=clock, options_of=default_summary_options),
        judged=JudgedSessions(registry),
        retention=RetentionRule(db=db, clock=clock, settings=Settings()),
    )
    for _ in range(2):
        await finaliser.finalise("app", "session")
    sessions, people = judged(registry, "sessions"), judged(registry, "participants")
    assert sum(value or 0 for value in sessions.values()) == 1
    assert (people["ok"] or 0) + (people["bad"] or 0) == 3
    issues = "aftercall_participants_with_issue_total"
    assert registry.get_sample_value(issues, {"issue": "poor_network_uplink"}) == 1
    assert registry.get_sample_value(issues, {"issue": "one_way_audio"}) == 0
    assert registry.get_sample_value("aftercall_session_fold_seconds_count") == 2
