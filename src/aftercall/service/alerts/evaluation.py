"""Evaluates alert rules, in one process at a time, and writes what follows with its deliveries."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import structlog
from msgspec import ValidationError, convert, to_builtins
from prometheus_client import CollectorRegistry, Counter

from aftercall.core.alerts.alert import (
    WHOLE_APP,
    Alert,
    AlertContent,
    Observation,
    Reading,
)
from aftercall.core.alerts.grouping import MOST_SESSIONS, merge_sessions
from aftercall.core.alerts.hours import is_within
from aftercall.core.alerts.lifecycle import ObservedAt, advance
from aftercall.core.alerts.rules import AlertRule, IssueCondition, LiveQualityCondition, RuleSpec
from aftercall.core.alerts.session_readings import SessionLook, read_session
from aftercall.core.errors import Unavailable
from aftercall.core.ids import NewId
from aftercall.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Clock, EpochMs
from aftercall.service.alerts.app_facts import AppFacts
from aftercall.service.alerts.live_looks import LiveLooks, Looked, held_ms
from aftercall.service.alerts.outbox import write_notices
from aftercall.service.reports.digests import Digests
from aftercall.settings import Settings
from aftercall.store.alerts import alerts, rules
from aftercall.store.engine.database import Database

LIVE_EVERY_MS: Final = MINUTE_MS
"""How often live sessions are looked at. Chosen: clients hold their samples for half of it."""

LEASE: Final = "alerts"
LEASE_MS: Final = 90 * SECOND_MS
"""Three evaluations: a process that was killed is followed by another after that."""

KEPT_MS: Final = 90 * DAY_MS
"""How long a resolved alert is kept. Chosen."""

log = structlog.get_logger(__name__)

Readings = dict[str, Observation]
"""By subject."""


class Evaluated(NamedTuple):
    """What an evaluation did."""

    rules: int = 0
    looked_at: int = 0
    sent: int = 0
    is_holder: bool = True


class _Rule(NamedTuple):
    rule: AlertRule
    spec: RuleSpec
    alerts: Mapping[str, Alert]
    """Those that are not resolved, by subject."""


class AlertEvaluation:
    """The evaluation of all rules of all apps."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        digests: Digests,
        settings: Settings,
        metrics: CollectorRegistry | None = None,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._holder = new_id()
        self._looks = LiveLooks(db=db, digests=digests, seconds=seconds)
        self._facts = AppFacts(db)
        self._lag_ms = held_ms(settings.samples_per_request, settings.interval_ms)
        self._live_at: EpochMs | None = None
        self._deleted_at: EpochMs | None = None
        self._notices = Counter(
            "aftercall_alert_notices",
            "Messages about alerts that this process has decided to send, by what they say.",
            ["notice"],
            registry=metrics,
        )
        for notice in ("raised", "updated", "resolved"):
            self._notices.labels(notice)

    async def run(self) -> Evaluated:
        """Evaluate every rule once, unless another process does."""
        now = self._clock()
        async with self._db.read() as tx:
            every = await rules.every_rule(tx)
        if not every:
            return Evaluated()
        async with self._db.write() as tx:
            until = EpochMs(now + LEASE_MS)
            if not await alerts.take_lease(tx, LEASE, self._holder, now, until):
                return Evaluated(is_holder=False)
        async with self._db.read() as tx:
            known = await alerts.unresolved(tx)
        by_rule: dict[tuple[str, str], dict[str, Alert]] = defaultdict(dict)
        for alert in known:
            by_rule[alert.app_id, alert.rule_id][alert.subject] = alert
        readable = [
            _Rule(rule, spec, by_rule.get((rule.app_id, rule.id), {}))
            for rule in every
            if (spec := _spec_of(rule)) is not None
        ]
        sent = 0
        for each in readable:
            if not each.spec.is_live:
                with _reported(each.rule):
                    sent += await self._apply_app(each, now)
        looked = 0
        if self._live_at is None or now - self._live_at >= LIVE_EVERY_MS:
            looked, live_sent = await self._evaluate_live([r for r in readable if r.spec.is_live])
            sent += live_sent
            self._live_at = now
        await self._delete_old(now)
        return Evaluated(rules=len(readable), looked_at=looked, sent=sent)

    async def _delete_old(self, now: EpochMs) -> None:
        if self._deleted_at is not None and now - self._deleted_at < HOUR_MS:
            return
        self._deleted_at = now
        async with self._db.write() as tx:
            await alerts.delete_resolved_before(tx, EpochMs(now - KEPT_MS))

    async def end(self) -> None:
        """Let another process go on."""
        async with self._db.write() as tx:
            await alerts.end_lease(tx, LEASE, self._holder)

    async def _apply_app(self, each: _Rule, now: EpochMs) -> int:
        if self._counts(each.spec, now):
            seen, memory = await self._facts.read(each.rule, each.spec.condition, now)
            if memory is not None:
                async with self._db.write() as tx:
                    await rules.save_memory(tx, each.rule.app_id, each.rule.id, memory)
        else:
            seen = Observation(WHOLE_APP, Reading.CLEAR)
        return await self._apply(each, [seen], now)

    async def _evaluate_live(self, live: Sequence[_Rule]) -> tuple[int, int]:
        """Look at live sessions; returns how many were folded, and how much was sent."""
        if not live:
            return 0, 0
        app_ids = sorted({each.rule.app_id for each in live if each.spec.is_enabled})
        sessions = await self._looks.live_sessions(app_ids)
        urgent = await self._looks.screen(sessions)
        known = {(session.app_id, session.id) for session in sessions}
        urgent |= {
            (each.rule.app_id, id)
            for each in live
            for id in (*each.alerts, *_remembered(each.rule))
        } & known
        looked = await self._looks.look(sessions, urgent)
        now = self._clock()
        by_app: dict[str, list[Looked]] = defaultdict(list)
        for look in looked:
            by_app[look.session.app_id].append(look)
        live_ids: dict[str, set[str]] = defaultdict(set)
        for session in sessions:
            live_ids[session.app_id].add(session.id)
        sent = 0
        for each in live:
            app_id = each.rule.app_id
            with _reported(each.rule):
                readings = {id: Observation(id, Reading.CLEAR) for id in each.alerts}
                if self._counts(each.spec, now):
                    readings = self._read_sessions(each.spec, by_app[app_id], now)
                sent += await self._apply_live(each, readings, live_ids[app_id], now)
        return len(looked), sent

    def _read_sessions(self, spec: RuleSpec, looked: Iterable[Looked], now: EpochMs) -> Readings:
        condition = spec.condition
        assert isinstance(condition, IssueCondition | LiveQualityCondition)
        return {
            session.id: read_session(
                condition, SessionLook(session.id, digested, now, self._lag_ms)
            )
            for session, digested in looked
        }

    async def _apply_live(
        self, each: _Rule, readings: Readings, live: set[str], now: EpochMs
    ) -> int:
        if each.spec.group_by == "app":
            seen = await self._merge(each, readings, live)
            leftover = [Observation(id, Reading.OVER) for id in each.alerts if id != WHOLE_APP]
            return await self._apply(each, [seen, *leftover], now)
        over = [Observation(id, Reading.OVER) for id in each.alerts if id not in live]
        return await self._apply(each, [*readings.values(), *over], now)

    async def _merge(self, each: _Rule, readings: Readings, live: set[str]) -> Observation:
        """One observation of all sessions: of those that were not looked at as they last were."""
        before = _remembered(each.rule)
        raised = {id: content for id, content in before.items() if id in live}
        are_between = False
        for id, seen in readings.items():
            if seen.reading is Reading.RAISED:
                raised[id] = seen.content
            elif seen.reading is Reading.BETWEEN and id in raised:
                are_between = True
            else:
                raised.pop(id, None)
        if not self._counts(each.spec, self._clock()):
            raised = {}
        raised = dict(list(raised.items())[:MOST_SESSIONS])
        if raised != before:
            memory = {"sessions": {id: to_builtins(content) for id, content in raised.items()}}
            async with self._db.write() as tx:
                await rules.save_memory(tx, each.rule.app_id, each.rule.id, memory)
        return merge_sessions(raised, are_between=are_between)

    async def _apply(self, each: _Rule, seen: Sequence[Observation], now: EpochMs) -> int:
        """Advance the alerts of a rule; returns how many messages follow."""
        rule, spec = each.rule, each.spec
        moment = ObservedAt(now, self._is_muted(rule, spec, now))
        steps = [
            step
            for one in seen
            if (
                step := advance(rule, spec, each.alerts.get(one.subject), one, moment, self._new_id)
            )
            and step.alert is not None
        ]
        sent = 0
        for step in steps:
            assert step.alert is not None
            async with self._db.write() as tx:
                if step.is_dropped:
                    await alerts.drop_alert(tx, step.alert)
                    continue
                is_new = step.alert.subject not in each.alerts
                store = alerts.insert_alert if is_new else alerts.change_alert
                if not await store(tx, step.alert) or step.notice is None:
                    continue
                await write_notices(tx, rule, spec, step.alert, step.notice, now)
            sent += 1
            self._notices.labels(step.notice.value).inc()
            log.info(
                "alert " + step.notice.value,
                action=f"alert_{step.notice.value}",
                app_id=rule.app_id,
                rule_id=rule.id,
                alert_id=step.alert.id,
            )
        return sent

    def _counts(self, spec: RuleSpec, now: EpochMs) -> bool:
        """Whether the condition counts at this time."""
        return spec.is_enabled and (not spec.hours or is_within(spec.hours, now, ZoneInfo))

    def _is_muted(self, rule: AlertRule, spec: RuleSpec, now: EpochMs) -> bool:
        is_muted = rule.muted_until is not None and now < rule.muted_until
        return is_muted or is_within(spec.quiet_hours, now, ZoneInfo)


@contextmanager
def _reported(rule: AlertRule) -> Iterator[None]:
    """A rule that cannot be evaluated is logged, and does not stop the others."""
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        log.error(
            "rule not evaluated",
            action="alert_rule_failed",
            app_id=rule.app_id,
            rule_id=rule.id,
            exc_info=error,
        )


def _spec_of(rule: AlertRule) -> RuleSpec | None:
    """The rule as stated; `None` for one that another version stored."""
    try:
        return rule.read_spec()
    except ValidationError as error:
        log.error(
            "rule not readable", action="alert_rule_unreadable", rule_id=rule.id, exc_info=error
        )
        return None


def _remembered(rule: AlertRule) -> dict[str, AlertContent]:
    """The sessions that were in trouble at the last evaluation."""
    stored: dict[str, Any] = rule.memory.get("sessions", {})
    found: dict[str, AlertContent] = {}
    for id, content in stored.items():
        with suppress(ValidationError):
            found[id] = convert(content, AlertContent)
    return found
