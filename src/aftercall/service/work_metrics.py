"""Metrics of what goes on, what waits, and how calls were."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from aftercall.core.errors import Unavailable
from aftercall.core.instants import SECOND_MS, Clock
from aftercall.core.overview.session_summary import SessionSummary
from aftercall.core.quality.issues import IssueName
from aftercall.store.engine.database import Database
from aftercall.store.work_counts import count_work

READ_EVERY_S: Final = 5.0
"""However often the metrics are asked for, the database is asked once in this time."""


class JudgedSessions:
    """Counts ended sessions and their participants by whether their calls were bad."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._sessions = Counter(
            "aftercall_sessions_judged",
            "Ended sessions, by whether anybody's call was bad; unknown: nothing was measured.",
            ["verdict"],
            registry=metrics,
        )
        self._participants = Counter(
            "aftercall_participants_judged",
            "Participants of ended sessions who were measured, by whether their call was bad.",
            ["verdict"],
            registry=metrics,
        )
        self._issues = Counter(
            "aftercall_participants_with_issue",
            "Participants of ended sessions who had an issue, by its name.",
            ["issue"],
            registry=metrics,
        )
        self._fold = Histogram(
            "aftercall_session_fold_seconds",
            "Time to fold all reports of an ended session.",
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
            registry=metrics,
        )
        for name in IssueName:
            self._issues.labels(name.value)
        for verdict in ("ok", "bad"):
            self._participants.labels(verdict)
        for verdict in ("ok", "bad", "unknown"):
            self._sessions.labels(verdict)

    def time_fold(self, seconds: float) -> None:
        """Note how long the fold of a session took."""
        self._fold.observe(seconds)

    def count(self, summary: SessionSummary, issues: Mapping[str, int]) -> None:
        """Count a session that has ended and was judged for the first time; `issues` are the
        participants who had each."""
        for name, participants in issues.items():
            self._issues.labels(name).inc(participants)
        quality = summary.quality
        if quality is None or not quality.measured_participants:
            self._sessions.labels("unknown").inc()
            return
        self._sessions.labels("bad" if quality.is_bad else "ok").inc()
        bad = quality.bad_participants
        self._participants.labels("bad").inc(bad)
        self._participants.labels("ok").inc(quality.measured_participants - bad)


class WorkMetrics:
    """Gauges that are read from the database when they are asked for: over all processes."""

    def __init__(
        self,
        db: Database,
        *,
        clock: Clock,
        metrics: CollectorRegistry,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._db = db
        self._clock = clock
        self._seconds = seconds
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

        def gauge(name: str, about: str) -> Gauge:
            return Gauge(f"aftercall_{name}", about, registry=metrics)

        self._sessions = gauge("live_sessions", "Sessions that have not ended.")
        self._participants = gauge("live_participants", "Participants who are present.")
        self._waiting = gauge("jobs_waiting", "Jobs that wait or run.")
        self._dead = gauge("jobs_dead", "Jobs that failed too often to be tried again.")
        self._alerts = gauge("open_alerts", "Alerts that are open.")
        self._overdue = gauge(
            "jobs_overdue_seconds", "How long the job that has waited longest has been due."
        )
        self._waiting_deliveries = gauge(
            "webhook_deliveries_waiting", "Deliveries to webhooks that wait; counted to 100,000."
        )
        self._delivery_age = gauge(
            "webhook_deliveries_oldest_seconds",
            "How long the delivery has waited that waits longest.",
        )

    async def read(self) -> None:
        """Bring the gauges up to date. While the database is away they keep their values."""
        async with self._reading:
            if self._seconds() - self._read_at < READ_EVERY_S:
                return
            now = self._clock()
            try:
                async with self._db.read() as tx:
                    counts = await count_work(tx, now)
            except Unavailable:
                return
            self._read_at = self._seconds()
            self._sessions.set(counts.live_sessions)
            self._participants.set(counts.live_participants)
            self._waiting.set(counts.waiting_jobs)
            self._dead.set(counts.dead_jobs)
            self._alerts.set(counts.open_alerts)
            self._waiting_deliveries.set(counts.waiting_deliveries)
            since = counts.oldest_delivery_at
            self._delivery_age.set(0 if since is None else max(0, now - since) / SECOND_MS)
            due_at = counts.longest_due_at
            self._overdue.set(0 if due_at is None else (now - due_at) / SECOND_MS)
