"""Sends mail over the operator's server."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from aftercall.core.alerts.message import AlertMessage
from aftercall.outbound.alert_channels.failures import DeliveryFailed
from aftercall.outbound.alert_channels.message_formats import plain_text, subject_line
from aftercall.settings import BadSetting

TIMEOUT_S: Final = 15.0
_PORTS: Final = {"smtps": 465, "smtp": 587, "smtp-plain": 25}


class MailServer(NamedTuple):
    """`smtps` speaks TLS from the start, `smtp` begins it before anything else is said,
    `smtp-plain` does without, for a relay on the same machine."""

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None
    sender: str

    @classmethod
    def read(cls, url: str, sender: str) -> Self | None:
        """From the settings; `None` without a URL. Raises `BadSetting`."""
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BadSetting(
                "smtp_url must be smtps://, smtp:// or smtp-plain:// with user:password@host:port"
            )
        if "@" not in sender:
            raise BadSetting("smtp_from must be the address that mail comes from")
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            sender,
        )


async def send_mail(server: MailServer, to: Sequence[str], message: AlertMessage) -> None:
    """Raises `DeliveryFailed`."""
    mail = _mail(server, to, message)
    try:
        await asyncio.to_thread(_send, server, mail)
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed(f"the mail server failed: {type(error).__name__}") from None


def _mail(server: MailServer, to: Sequence[str], message: AlertMessage) -> EmailMessage:
    domain = server.sender.rpartition("@")[2].rstrip(">")
    mail = EmailMessage()
    mail["Subject"] = subject_line(message)
    mail["From"] = server.sender
    mail["To"] = ", ".join(to)
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.at / 1_000, UTC))
    # The same at every attempt, so that a mailbox that has it already shows it once.
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    mail["References"] = f"<{message.alert_id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(plain_text(message))
    return mail


def _send(server: MailServer, mail: EmailMessage) -> None:
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        with smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_S, context=context
        ) as connection:
            _submit(server, connection, mail)
        return
    with smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S) as connection:
        if server.scheme == "smtp":
            connection.starttls(context=context)
        _submit(server, connection, mail)


def _submit(server: MailServer, connection: smtplib.SMTP, mail: EmailMessage) -> None:
    if server.user is not None:
        connection.login(server.user, server.password or "")
    connection.send_message(mail)
