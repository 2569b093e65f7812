"""Delivers messages about alerts."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from prometheus_client import CollectorRegistry, Counter

from aftercall.core.alerts.alert import WHOLE_APP, Alert, AlertContent
from aftercall.core.alerts.channels import Target
from aftercall.core.alerts.lifecycle import Notice, dedupe_key
from aftercall.core.alerts.message import AlertMessage, MessageSession
from aftercall.core.alerts.rules import RuleSpec
from aftercall.core.errors import NotFound
from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.overview.names import visible_name, visible_title
from aftercall.core.quality.diagnosis.named_text import Text
from aftercall.core.records import Participant, Session
from aftercall.outbound.alert_channels.deliver import Channels
from aftercall.outbound.alert_channels.failures import DeliveryFailed
from aftercall.service.encryption import Encryption, Undecryptable
from aftercall.service.retention_rule import RetentionRule
from aftercall.settings import Settings, own_url
from aftercall.store import apps, participants
from aftercall.store.alerts import rules
from aftercall.store.alerts.rules import AlertChannel
from aftercall.store.engine.database import Database

MOST_NAMED: Final = 5
"""People whom a message names; the others are counted. Chosen."""

MOST_LINKED: Final = 10
_decode_target: Final[Callable[[str], Target]] = msgspec.json.Decoder(Target).decode
SOMEBODY: Final = "a participant"


class AlertDeliveries:
    """Writes messages out in full and sends them."""

    def __init__(
        self,
        *,
        db: Database,
        settings: Settings,
        channels: Channels,
        encryption: Encryption,
        retention: RetentionRule,
        metrics: CollectorRegistry | None = None,
    ) -> None:
        self._db = db
        self._base = settings.public_url.rstrip("/") or own_url(settings.host, settings.port)
        self._channels = channels
        self._retention = retention
        self._encryption = encryption
        self._attempts = Counter(
            "aftercall_alert_deliveries",
            "Attempts to deliver a message about an alert, by the kind of channel and the result.",
            ["kind", "result"],
            registry=metrics,
        )

    def check(self, target: Target) -> None:
        """Refuse a target that nothing can be sent to. Raises `AddressRefused`."""
        self._channels.check(target)

    async def carry_out(self, payload: Mapping[str, Any]) -> None:
        """Deliver one message. Nothing is done for a channel that was deleted. Raises
        `DeliveryFailed`."""
        app_id = payload["app_id"]
        async with self._db.read() as tx:
            channel = await rules.find_channel(tx, app_id, payload["channel_id"])
        if channel is None:
            return
        spec = msgspec.convert(payload["rule"]["spec"], RuleSpec)
        alert = msgspec.convert(payload["alert"], Alert)
        message = await self.write_out(
            alert,
            spec,
            rule_id=payload["rule"]["id"],
            notice=Notice(payload["notice"]),
            message_id=payload["message_id"],
            at=EpochMs(payload["at"]),
        )
        await self.send(channel, message)

    async def send(self, channel: AlertChannel, message: AlertMessage) -> None:
        """Send a message over a channel. Raises `DeliveryFailed`."""
        try:
            await self._channels.deliver(self._target_of(channel), message)
        except DeliveryFailed:
            self._attempts.labels(channel.kind, "failed").inc()
            raise
        self._attempts.labels(channel.kind, "delivered").inc()

    def _target_of(self, channel: AlertChannel) -> Target:
        try:
            sealed = self._encryption.decrypt(channel.sealed_secret or "")
        except Undecryptable:
            raise DeliveryFailed(
                "the channel was stored with another AFTERCALL_SECRET_KEY; state its target again"
            ) from None
        return _decode_target(sealed)

    async def write_out(
        self,
        alert: Alert,
        spec: RuleSpec,
        *,
        rule_id: str,
        notice: Notice,
        message_id: str,
        at: EpochMs,
    ) -> AlertMessage:
        """The message with the names and titles of now."""
        content, app_id = alert.read_content(), alert.app_id
        async with self._db.read() as tx:
            app = await apps.find_app(tx, app_id)
            linked = content.sessions[:MOST_LINKED]
            sessions: dict[str, Session] = {}
            for session_id in linked:
                # What is past its time is neither named nor linked.
                with suppress(NotFound):
                    found = await self._retention.find_session(tx, app_id, session_id)
                    sessions[session_id] = found
            rows = [
                row
                for session_id in sessions
                for row in await participants.participants_of_session(tx, app_id, session_id)
            ]
        words = _Words(rows, with_names=spec.with_names)
        links = [
            self._link(sessions[id], rows, content, with_names=spec.with_names)
            for id in linked
            if id in sessions
        ]
        title = words.write(content.summary) or spec.name
        if alert.subject != WHOLE_APP and links:
            title = f"{title} – {links[0].title}"
        return AlertMessage(
            id=message_id,
            notice=notice,
            at=at,
            app_id=app_id,
            app_name="" if app is None else app.name,
            alert_id=alert.id,
            dedupe_key=dedupe_key(alert),
            rule_id=rule_id,
            rule_name=spec.name,
            kind=str(type(spec.condition).__struct_config__.tag),
            severity=spec.severity,
            title=title,
            sentence=words.write(content.sentence),
            advice=words.write(content.advice),
            text=spec.text,
            causes=list(dict.fromkeys(content.causes)),
            figures=content.figures,
            people=[words.name(id) for id in content.people[:MOST_NAMED]]
            if spec.with_names
            else [],
            people_count=len(content.people),
            sessions=links,
            url=links[0].url if links else f"{self._base}/overview",
            raised_at=alert.raised_at,
            resolved_at=alert.resolved_at,
        )

    def _link(
        self, session: Session, rows: list[Participant], content: AlertContent, *, with_names: bool
    ) -> MessageSession:
        own = [row for row in rows if row.session_id == session.id and not row.is_hidden]
        names = [row.display_name for row in own] if with_names else []
        title = visible_title(session.title, names, len(own))
        at = "" if content.at is None else "?" + urlencode({"at": format_iso(content.at)})
        return MessageSession(session.id, title, f"{self._base}/sessions/{session.id}{at}")


class _Words:
    """Texts with the names of participants filled in."""

    def __init__(self, rows: list[Participant], *, with_names: bool) -> None:
        self._names = {row.id: visible_name(row.display_name) for row in rows} if with_names else {}

    def name(self, participant_id: str) -> str:
        return self._names.get(participant_id, SOMEBODY)

    def write(self, text: Text) -> str:
        parts = [
            part.text if part.participant_id is None else self.name(part.participant_id)
            for part in text
        ]
        written = "".join(parts)
        return f"{written[:1].upper()}{written[1:]}"
