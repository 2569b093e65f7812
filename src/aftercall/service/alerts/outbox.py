"""Messages about alerts as jobs: written with the alert, delivered afterwards."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.alerts.alert import Alert
from aftercall.core.alerts.channels import OF_PROGRAMS
from aftercall.core.alerts.lifecycle import Notice
from aftercall.core.alerts.rules import AlertRule, RuleSpec, spec_to_dict
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.records import Job
from aftercall.store import jobs
from aftercall.store.alerts import rules
from aftercall.store.alerts.rules import AlertChannel

DELIVER_ALERT: Final = "deliver_alert"


async def write_notices(
    tx: AsyncConnection,
    rule: AlertRule,
    spec: RuleSpec,
    alert: Alert,
    notice: Notice,
    now: EpochMs,
) -> int:
    """Write a delivery for each of the rule's channels; returns how many. Those about one alert
    over one channel keep their order."""
    wanted = set(spec.channels)
    found = [each for each in await rules.channels_of_app(tx, rule.app_id) if each.id in wanted]
    made = [
        job_of(rule, spec, alert, notice, each, now) for each in _addressed(found, spec, notice)
    ]
    await jobs.add(tx, made)
    return len(made)


def _addressed(
    found: Iterable[AlertChannel], spec: RuleSpec, notice: Notice
) -> Iterable[AlertChannel]:
    if notice is Notice.RESOLVED and spec.resolves_quietly:
        return [each for each in found if each.kind in OF_PROGRAMS]
    return found


def job_of(
    rule: AlertRule,
    spec: RuleSpec,
    alert: Alert,
    notice: Notice,
    channel: AlertChannel,
    now: EpochMs,
) -> Job:
    """The delivery of one message over one channel. It holds the alert and the rule as they are
    now, and no names: those are read when it is sent."""
    message_id = id_from(rule.app_id, "alert", alert.id, notice.value, str(alert.version), str(now))
    return Job(
        id=id_from(rule.app_id, "alert delivery", message_id, channel.id),
        task=DELIVER_ALERT,
        lane=f"alert:{channel.id}:{alert.id}",
        payload={
            "app_id": rule.app_id,
            "channel_id": channel.id,
            "message_id": message_id,
            "notice": notice.value,
            "at": now,
            "alert": _alert_to_dict(alert),
            "rule": {"id": rule.id, "spec": spec_to_dict(spec)},
        },
        created_at=now,
        due_at=now,
    )


def _alert_to_dict(alert: Alert) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(alert)
    return made
