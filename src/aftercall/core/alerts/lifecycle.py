"""The life of an alert: pending, open, resolved, and what is sent about it.

A condition must hold for a while before it is raised and be over for a while before it is resolved.
While a rule or an alert is muted nothing begins: what is still open when the mute ends is sent
then, and what was never sent is resolved without a message. So between two `RAISED` of one subject
there is always a `RESOLVED`, and a `RESOLVED` always follows a `RAISED`.
"""

from enum import StrEnum
from typing import Any, NamedTuple

from msgspec.structs import replace

from aftercall.core.alerts.alert import (
    Alert,
    AlertContent,
    AlertState,
    Observation,
    Reading,
    content_to_dict,
)
from aftercall.core.alerts.rules import AlertRule, RuleSpec
from aftercall.core.ids import NewId
from aftercall.core.instants import SECOND_MS, EpochMs


class Notice(StrEnum):
    """What is sent about an alert. `TEST` is sent on request."""

    RAISED = "raised"
    UPDATED = "updated"
    RESOLVED = "resolved"
    TEST = "test"


class AlertStep(NamedTuple):
    """What follows from an observation. `alert` is what to store, `None` for nothing; with
    `is_dropped` the alert, which was pending, is deleted."""

    alert: Alert | None
    notice: Notice | None = None
    is_dropped: bool = False


class ObservedAt(NamedTuple):
    """When an observation was made, and whether anything may begin to be sent."""

    now: EpochMs
    is_muted: bool


NOTHING = AlertStep(None)


def advance(
    rule: AlertRule,
    spec: RuleSpec,
    alert: Alert | None,
    seen: Observation,
    moment: ObservedAt,
    new_id: NewId,
) -> AlertStep:
    """The next state of a subject's alert that is not resolved, or of none."""
    if alert is None:
        if seen.reading is not Reading.RAISED:
            return NOTHING
        begun = _begin(rule, seen, moment.now, new_id)
        return _raise_if_due(spec, begun, moment) or AlertStep(begun)
    if alert.state is AlertState.PENDING:
        if seen.reading is not Reading.RAISED:
            return AlertStep(alert, is_dropped=True)
        return _raise_if_due(spec, _with_content(alert, seen.content), moment) or NOTHING
    if seen.reading in (Reading.RAISED, Reading.BETWEEN):
        return _stay_open(spec, alert, seen, moment)
    return _end(spec, alert, seen.reading, moment)


def _begin(rule: AlertRule, seen: Observation, now: EpochMs, new_id: NewId) -> Alert:
    return Alert(
        app_id=rule.app_id,
        id=new_id(),
        rule_id=rule.id,
        subject=seen.subject,
        state=AlertState.PENDING,
        since_at=now,
        updated_at=now,
        content=content_to_dict(seen.content),
    )


def _raise_if_due(spec: RuleSpec, alert: Alert, moment: ObservedAt) -> AlertStep | None:
    now = moment.now
    if now - alert.since_at < spec.for_ms:
        return None
    opened = _changed(alert, now, state=AlertState.OPEN, raised_at=now)
    return _announce(opened, moment) or AlertStep(opened)


def _announce(alert: Alert, moment: ObservedAt) -> AlertStep | None:
    """The first message about an open alert, unless it is muted."""
    if moment.is_muted or _is_muted(alert, moment.now):
        return None
    return AlertStep(_sent(alert, moment.now), Notice.RAISED)


def _stay_open(spec: RuleSpec, alert: Alert, seen: Observation, moment: ObservedAt) -> AlertStep:
    now = moment.now
    kept = alert if alert.clear_since_at is None else _changed(alert, now, clear_since_at=None)
    if seen.reading is Reading.RAISED:
        fresh = _with_content(kept, seen.content)
        if seen.content.fingerprint != kept.read_content().fingerprint:
            kept = _changed(fresh, now)
    if alert.sent_at is None:
        return _announce(kept, moment) or _kept(alert, kept)
    is_new = kept.read_content().fingerprint != alert.sent_fingerprint
    is_due = spec.update_every_s > 0 and now - alert.sent_at >= spec.update_every_s * SECOND_MS
    if is_new and is_due and not (moment.is_muted or _is_muted(alert, now)):
        return AlertStep(_sent(_changed(kept, now), now), Notice.UPDATED)
    return _kept(alert, kept)


def _kept(before: Alert, after: Alert) -> AlertStep:
    return NOTHING if after is before else AlertStep(after)


def _end(spec: RuleSpec, alert: Alert, reading: Reading, moment: ObservedAt) -> AlertStep:
    now = moment.now
    since = alert.clear_since_at if alert.clear_since_at is not None else now
    if reading is Reading.OVER or now - since >= spec.clear_ms:
        ended = _changed(
            alert, now, state=AlertState.RESOLVED, resolved_at=now, clear_since_at=since
        )
        if alert.sent_at is None:
            return AlertStep(ended)
        return AlertStep(_sent(ended, now), Notice.RESOLVED)
    if alert.clear_since_at is None:
        return AlertStep(_changed(alert, now, clear_since_at=now))
    return NOTHING


def _with_content(alert: Alert, content: AlertContent) -> Alert:
    return replace(alert, content=content_to_dict(content))


def _changed(alert: Alert, now: EpochMs, **members: Any) -> Alert:
    return replace(alert, updated_at=now, **members)


def _sent(alert: Alert, now: EpochMs) -> Alert:
    return replace(alert, sent_at=now, sent_fingerprint=alert.read_content().fingerprint)


def _is_muted(alert: Alert, now: EpochMs) -> bool:
    return alert.muted_until is not None and now < alert.muted_until


def dedupe_key(alert: Alert) -> str:
    """The same for everything that is sent about one alert."""
    return f"aftercall/{alert.app_id}/{alert.rule_id}/{alert.id}"
