"""Alert rules, channels and alerts, as an app manages them."""

from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.alerts.alert import (
    WHOLE_APP,
    Alert,
    AlertContent,
    AlertState,
    Observation,
    Reading,
    content_to_dict,
)
from aftercall.core.alerts.channels import ChannelSpec, kind_of, shown_target
from aftercall.core.alerts.lifecycle import Notice, ObservedAt, advance
from aftercall.core.alerts.message import AlertMessage
from aftercall.core.alerts.rules import (
    MOST_CHANNELS,
    MOST_RULES,
    AlertRule,
    BadShareCondition,
    DeadJobsCondition,
    RuleSpec,
    spec_to_dict,
)
from aftercall.core.errors import Malformed, NotFound
from aftercall.core.ids import NewId
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.quality.diagnosis.named_text import TextPart
from aftercall.outbound.alert_channels.failures import DeliveryFailed
from aftercall.service.alerts.delivery import AlertDeliveries
from aftercall.service.alerts.outbox import write_notices
from aftercall.service.audit import CLI, Act, Actor, record_act
from aftercall.service.encryption import Encryption
from aftercall.store.alerts import alerts, rules
from aftercall.store.alerts.rules import AlertChannel as AlertChannel
from aftercall.store.engine.database import Database

LISTED: Final = {
    "open": (AlertState.OPEN,),
    "resolved": (AlertState.RESOLVED,),
    "all": (AlertState.OPEN, AlertState.RESOLVED),
}
TEST_WORDS: Final = "This is a test: the channel works"


class Owner(NamedTuple):
    """Whose rules they are, and who changes them."""

    account_id: str
    app_id: str
    actor: Actor = CLI


class AlertRules:
    """The use cases of alert rules."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        encryption: Encryption,
        deliveries: AlertDeliveries,
    ) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._encryption = encryption
        self._deliveries = deliveries

    async def create_rule(self, owner: Owner, spec: RuleSpec) -> AlertRule:
        """Store a new rule. Raises `Malformed`."""
        now = self._clock()
        rule = AlertRule(
            app_id=owner.app_id,
            id=self._new_id(),
            spec=spec_to_dict(spec),
            created_at=now,
            updated_at=now,
        )
        async with self._db.write() as tx:
            await self._check(tx, owner.app_id, spec)
            if await rules.count_rules(tx, owner.app_id) >= MOST_RULES:
                raise Malformed(
                    f"An app has at most {MOST_RULES} alert rules", code="too_many_rules"
                )
            await rules.save_rule(tx, rule)
            await self._note(tx, owner, Act.CHANGE_ALERT_RULE, rule.id)
        return rule

    async def replace_rule(self, owner: Owner, rule_id: str, spec: RuleSpec) -> AlertRule:
        """Change a rule. With another condition its alerts are resolved. Raises `NotFound` and
        `Malformed`."""
        async with self._db.write() as tx:
            known = await self._lock(tx, owner.app_id, rule_id)
            await self._check(tx, owner.app_id, spec)
            before = known.read_spec()
            rule = replace(known, spec=spec_to_dict(spec), updated_at=self._clock())
            is_same = (before.condition, before.group_by) == (spec.condition, spec.group_by)
            if not is_same:
                rule = replace(rule, memory={})
                await self._resolve(tx, known, before)
            await rules.save_rule(tx, rule)
            await self._note(tx, owner, Act.CHANGE_ALERT_RULE, rule_id)
        return rule

    async def mute_rule(self, owner: Owner, rule_id: str, until: EpochMs | None) -> AlertRule:
        """Send nothing new about a rule until then; `None`: no longer. Raises `NotFound`."""
        async with self._db.write() as tx:
            known = await self._lock(tx, owner.app_id, rule_id)
            rule = replace(known, muted_until=until, updated_at=self._clock())
            await rules.save_rule(tx, rule)
            await self._note(tx, owner, Act.CHANGE_ALERT_RULE, rule_id)
        return rule

    async def delete_rule(self, owner: Owner, rule_id: str) -> None:
        """Delete a rule and resolve its alerts. Raises `NotFound`."""
        async with self._db.write() as tx:
            rule = await self._lock(tx, owner.app_id, rule_id)
            await self._resolve(tx, rule, rule.read_spec())
            await rules.delete_rule(tx, owner.app_id, rule_id)
            await self._note(tx, owner, Act.DELETE_ALERT_RULE, rule_id)

    async def list_rules(self, app_id: str) -> list[AlertRule]:
        """The rules of an app, oldest first."""
        async with self._db.read() as tx:
            return await rules.rules_of_app(tx, app_id)

    async def find_rule(self, app_id: str, rule_id: str) -> AlertRule:
        """A rule. Raises `NotFound`."""
        async with self._db.read() as tx:
            found = await rules.find_rule(tx, app_id, rule_id)
        return _found(found, "alert_rule", rule_id)

    async def create_channel(self, owner: Owner, spec: ChannelSpec) -> AlertChannel:
        """Store a new channel; its target is encrypted. Raises `Malformed`."""
        now, sealed = self._clock(), self._sealed(spec)
        channel = AlertChannel(
            app_id=owner.app_id,
            id=self._new_id(),
            name=spec.name,
            kind=kind_of(spec.target),
            target=shown_target(spec.target),
            sealed_secret=sealed,
            created_at=now,
            updated_at=now,
        )
        async with self._db.write() as tx:
            if len(await rules.channels_of_app(tx, owner.app_id)) >= MOST_CHANNELS:
                raise Malformed(
                    f"An app has at most {MOST_CHANNELS} alert channels", code="too_many_channels"
                )
            await rules.save_channel(tx, channel)
            await self._note(tx, owner, Act.CHANGE_ALERT_CHANNEL, channel.id)
        return channel

    async def replace_channel(
        self, owner: Owner, channel_id: str, spec: ChannelSpec
    ) -> AlertChannel:
        """Change a channel. Raises `NotFound` and `Malformed`."""
        sealed = self._sealed(spec)
        async with self._db.write() as tx:
            known = _found(
                await rules.find_channel(tx, owner.app_id, channel_id), "alert_channel", channel_id
            )
            channel = replace(
                known,
                name=spec.name,
                kind=kind_of(spec.target),
                target=shown_target(spec.target),
                sealed_secret=sealed,
                updated_at=self._clock(),
            )
            await rules.save_channel(tx, channel)
            await self._note(tx, owner, Act.CHANGE_ALERT_CHANNEL, channel_id)
        return channel

    def _sealed(self, spec: ChannelSpec) -> str:
        self._deliveries.check(spec.target)
        return self._encryption.encrypt(msgspec.json.encode(spec.target).decode())

    async def list_channels(self, app_id: str) -> list[AlertChannel]:
        """The channels of an app, oldest first."""
        async with self._db.read() as tx:
            return await rules.channels_of_app(tx, app_id)

    async def delete_channel(self, owner: Owner, channel_id: str) -> None:
        """Delete a channel: what waits for it is not sent. Raises `NotFound`."""
        async with self._db.write() as tx:
            if not await rules.delete_channel(tx, owner.app_id, channel_id):
                raise NotFound.of("alert_channel", channel_id)
            await self._note(tx, owner, Act.DELETE_ALERT_CHANNEL, channel_id)

    async def test_channel(self, app_id: str, channel_id: str) -> str | None:
        """Send a test message now; returns what went wrong, `None` for nothing. Raises
        `NotFound`."""
        async with self._db.read() as tx:
            channel = _found(
                await rules.find_channel(tx, app_id, channel_id), "alert_channel", channel_id
            )
        now = self._clock()
        spec = RuleSpec(name="Test", condition=DeadJobsCondition(), severity="info")
        alert = Alert(
            app_id=app_id,
            id=self._new_id(),
            rule_id="test",
            subject=WHOLE_APP,
            state=AlertState.OPEN,
            since_at=now,
            raised_at=now,
            updated_at=now,
            content=content_to_dict(
                AlertContent(
                    summary=[TextPart(TEST_WORDS)],
                    sentence=[TextPart(f"{TEST_WORDS}. Nothing has happened.")],
                )
            ),
        )
        try:
            for notice in (Notice.TEST, Notice.RESOLVED)[: 2 if channel.kind == "pagerduty" else 1]:
                message = await self._deliveries.write_out(
                    alert, spec, rule_id="test", notice=notice, message_id=self._new_id(), at=now
                )
                await self._deliveries.send(channel, message)
        except DeliveryFailed as error:
            return error.message
        return None

    async def list_alerts(
        self,
        app_id: str,
        *,
        state: str,
        rule_id: str | None,
        before: tuple[EpochMs, str] | None,
        limit: int,
    ) -> list[tuple[Alert, AlertMessage]]:
        """Alerts written out, the latest first. `state` is a key of `LISTED`."""
        async with self._db.read() as tx:
            found = await alerts.list_alerts(
                tx, app_id, states=LISTED[state], rule_id=rule_id, before=before, limit=limit
            )
            specs = {rule.id: rule.read_spec() for rule in await rules.rules_of_app(tx, app_id)}
        return [(alert, await self._written(alert, specs.get(alert.rule_id))) for alert in found]

    async def find_alert(self, app_id: str, alert_id: str) -> tuple[Alert, AlertMessage]:
        """An alert that was raised, written out. Raises `NotFound`."""
        async with self._db.read() as tx:
            alert = await self._raised(tx, app_id, alert_id)
            rule = await rules.find_rule(tx, app_id, alert.rule_id)
        return alert, await self._written(alert, None if rule is None else rule.read_spec())

    async def mute_alert(
        self, owner: Owner, alert_id: str, until: EpochMs | None
    ) -> tuple[Alert, AlertMessage]:
        """Send nothing more about an alert until then, except that it is over. Raises
        `NotFound`."""
        async with self._db.write() as tx:
            alert = await self._raised(tx, owner.app_id, alert_id)
            changed = replace(alert, muted_until=until)
            await alerts.change_alert(tx, changed)
            await self._note(tx, owner, Act.MUTE_ALERT, alert_id)
        return await self.find_alert(owner.app_id, alert_id)

    async def _raised(self, tx: AsyncConnection, app_id: str, alert_id: str) -> Alert:
        alert = await alerts.find_alert(tx, app_id, alert_id)
        if alert is None or alert.state is AlertState.PENDING:
            raise NotFound.of("alert", alert_id)
        return alert

    async def _written(self, alert: Alert, spec: RuleSpec | None) -> AlertMessage:
        shown = spec or RuleSpec(name="A rule that was deleted", condition=BadShareCondition())
        notice = Notice.RESOLVED if alert.state is AlertState.RESOLVED else Notice.RAISED
        return await self._deliveries.write_out(
            alert, shown, rule_id=alert.rule_id, notice=notice, message_id=alert.id,
            at=alert.updated_at,
        )  # fmt: skip

    async def _lock(self, tx: AsyncConnection, app_id: str, rule_id: str) -> AlertRule:
        return _found(await rules.lock_rule(tx, app_id, rule_id), "alert_rule", rule_id)

    async def _check(self, tx: AsyncConnection, app_id: str, spec: RuleSpec) -> None:
        """Raises `Malformed` for channels and zones that do not exist, and for a share without a
        bound."""
        known = {channel.id for channel in await rules.channels_of_app(tx, app_id)}
        if missing := [id for id in spec.channels if id not in known]:
            raise Malformed(
                f"No alert channel found with id {missing[0]}",
                code="unknown_channel",
                field="channels",
            )
        for hours in (*spec.hours, *spec.quiet_hours):
            try:
                ZoneInfo(hours.zone)
            except (ValueError, OSError, KeyError):
                raise Malformed(
                    "A zone is the name of a time zone, such as Europe/Berlin",
                    code="bad_zone",
                    field="zone",
                ) from None
        condition = spec.condition
        if isinstance(condition, BadShareCondition) and (
            condition.above_percent is None and not condition.above_past
        ):
            raise Malformed(
                '"condition" needs above_percent or above_past', code="bad_rule", field="condition"
            )

    async def _resolve(self, tx: AsyncConnection, rule: AlertRule, spec: RuleSpec) -> None:
        """Resolve what the rule has raised, and drop what it was about to raise."""
        now = self._clock()
        for alert in await alerts.unresolved_of_rule(tx, rule.app_id, rule.id):
            over = Observation(alert.subject, Reading.OVER)
            step = advance(rule, spec, alert, over, ObservedAt(now, is_muted=False), self._new_id)
            if step.alert is None:
                continue
            if step.is_dropped:
                await alerts.drop_alert(tx, step.alert)
            elif await alerts.change_alert(tx, step.alert) and step.notice is not None:
                await write_notices(tx, rule, spec, step.alert, step.notice, now)

    async def _note(self, tx: AsyncConnection, owner: Owner, act: Act, object: str) -> None:
        now = self._clock()
        await record_act(tx, owner.actor, act, owner.account_id, owner.app_id, object, now)


T = TypeVar("T")


def _found(found: T | None, kind: str, id: str) -> T:
    """Raises `NotFound` for nothing."""
    if found is None:
        raise NotFound.of(kind, id)
    return found
