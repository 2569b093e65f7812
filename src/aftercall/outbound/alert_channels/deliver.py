"""Delivers one message over one channel."""

import base64
import hashlib
import hmac
from typing import Final

from aftercall.core.alerts.channels import (
    AppriseTarget,
    EmailTarget,
    PagerDutyTarget,
    SlackTarget,
    Target,
    WebhookTarget,
    host_of,
)
from aftercall.core.alerts.message import AlertMessage
from aftercall.core.errors import InvalidBody
from aftercall.outbound.alert_channels.apprise_service import send_by_apprise
from aftercall.outbound.alert_channels.failures import DeliveryFailed
from aftercall.outbound.alert_channels.mail import MailServer, send_mail
from aftercall.outbound.alert_channels.message_formats import (
    pagerduty_body,
    slack_body,
    webhook_body,
)
from aftercall.outbound.safe_sender import AddressRefused, SafeSender, Unreachable

TIMEOUT_S: Final = 10.0
_PREFIX: Final = "whsec_"
_JSON: Final = {"content-type": "application/json"}


class Channels:
    """Delivers messages. Without a mail server there is no mail, and Apprise needs the operator's
    permission, as it opens connections of its own."""

    def __init__(
        self, sender: SafeSender, *, mail_server: MailServer | None, has_apprise: bool
    ) -> None:
        self._sender = sender
        self._mail_server = mail_server
        self._has_apprise = has_apprise

    def check(self, target: Target) -> None:
        """Refuse a target that nothing can be sent to. Raises `AddressRefused`, and `InvalidBody`
        for a secret that is no base64 after its prefix."""
        if isinstance(target, WebhookTarget) and target.secret is not None:
            _key_of(target.secret)
        match target:
            case WebhookTarget() | SlackTarget():
                self._check(target.url)
            case PagerDutyTarget():
                self._check(target.address)

    def _check(self, url: str) -> None:
        if not host_of(url):
            raise AddressRefused("The URL names no host.", code="bad_url")
        self._sender.check(url)

    async def deliver(self, target: Target, message: AlertMessage) -> None:
        """Raises `DeliveryFailed`."""
        match target:
            case WebhookTarget():
                body = webhook_body(message)
                await self._post(target.url, body, _signed(target.secret, message, body))
            case SlackTarget():
                await self._post(target.url, slack_body(message))
            case PagerDutyTarget():
                await self._post(target.address, pagerduty_body(message, target.routing_key))
            case EmailTarget():
                if self._mail_server is None:
                    raise DeliveryFailed("AFTERCALL_SMTP_URL is not set, so no mail can be sent")
                await send_mail(self._mail_server, target.to, message)
            case AppriseTarget():
                if not self._has_apprise:
                    raise DeliveryFailed("AFTERCALL_APPRISE is off")
                await send_by_apprise(target.url, message)

    async def _post(self, url: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            answer = await self._sender.post(
                url, headers=_JSON | (headers or {}), body=body, timeout_s=TIMEOUT_S
            )
        except (AddressRefused, Unreachable) as error:
            raise DeliveryFailed(error.message) from None
        if not 200 <= answer.status < 300:
            raise DeliveryFailed(f"the receiver answered {answer.status}")


def _key_of(secret: str) -> bytes:
    """The bytes that sign. Raises `InvalidBody`."""
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        raise InvalidBody(
            "A secret that begins with whsec_ goes on in base64", code="bad_secret", field="secret"
        ) from None


def _signed(secret: str | None, message: AlertMessage, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    seconds = message.at // 1_000
    headers = {"webhook-id": message.id, "webhook-timestamp": str(seconds)}
    if secret is None:
        return headers
    key = _key_of(secret)
    signed = b"%b.%d.%b" % (message.id.encode(), seconds, body)
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return headers | {"webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
