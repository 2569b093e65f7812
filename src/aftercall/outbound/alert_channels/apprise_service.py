"""Sends through Apprise, an optional dependency that knows some hundred services."""

import asyncio
from typing import Any

from aftercall.core.alerts.lifecycle import Notice
from aftercall.core.alerts.message import AlertMessage
from aftercall.outbound.alert_channels.failures import DeliveryFailed
from aftercall.outbound.alert_channels.message_formats import plain_text, subject_line


async def send_by_apprise(url: str, message: AlertMessage) -> None:
    """Raises `DeliveryFailed`."""
    try:
        import apprise  # noqa: PLC0415 - optional
    except ImportError:
        raise DeliveryFailed("pip install 'aftercall[apprise]' is missing") from None
    services: Any = apprise.Apprise()
    if not services.add(url):
        raise DeliveryFailed("Apprise does not know the address")
    is_done = await asyncio.to_thread(
        services.notify,
        body=plain_text(message),
        title=subject_line(message),
        notify_type=_type_of(message),
    )
    if not is_done:
        raise DeliveryFailed("Apprise could not deliver the message")


def _type_of(message: AlertMessage) -> str:
    if message.notice is Notice.RESOLVED:
        return "success"
    return {"info": "info", "warning": "warning"}.get(message.severity, "failure")
