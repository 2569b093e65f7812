"""Messages reach real receivers in the form that each of them takes."""

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult
from standardwebhooks import Webhook

from aftercall.core.alerts.channels import (
    AppriseTarget,
    EmailTarget,
    PagerDutyTarget,
    SlackTarget,
    Target,
    WebhookTarget,
)
from aftercall.core.alerts.lifecycle import Notice
from aftercall.core.alerts.message import AlertMessage, MessageSession
from aftercall.core.instants import EpochMs
from aftercall.outbound.alert_channels.deliver import Channels
from aftercall.outbound.alert_channels.failures import DeliveryFailed
from aftercall.outbound.alert_channels.mail import MailServer
from aftercall.outbound.safe_sender import SafeSender
from aftercall.settings import BadSetting
from tests.http_receiver import HttpReceiver, open_receiver

SENDER = "Aftercall <alerts@example.com>"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ROUTING_KEY = "0123456789abcdef0123456789abcdef"


def message_of(notice: Notice = Notice.RAISED, **members: Any) -> AlertMessage:
    values: dict[str, Any] = {
        "id": "message-1",
        "notice": notice,
        "at": EpochMs(1_795_262_400_000),
        "app_id": "app",
        "app_name": "Classroom",
        "alert_id": "alert-1",
        "dedupe_key": "aftercall/app/rule/alert-1",
        "rule_id": "rule",
        "rule_name": "Bad uplinks",
        "kind": "issue",
        "severity": "error",
        "title": "Uplink loss, 12 %: Ada – Standup",
        "sentence": "About 12 % of Ada's voice was lost.",
        "advice": "Connect Ada by cable.",
        "text": "Call the duty phone.",
        "figures": {"loss_percent": 12.0},
        "people": ["Bob", "Cyd"],
        "people_count": 7,
        "sessions": [MessageSession("s", "Standup", "https://calls.test/sessions/s?at=x")],
        "url": "https://calls.test/sessions/s?at=x",
        "raised_at": EpochMs(1_795_262_400_000),
    }
    return AlertMessage(**(values | members))


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with open_receiver() as opened:
        yield opened


async def send(target: Target, message: AlertMessage, **members: Any) -> None:
    sender = SafeSender([ip_network("127.0.0.0/8")])
    values: dict[str, Any] = {"mail_server": None, "has_apprise": False} | members
    try:
        await Channels(sender, **values).deliver(target, message)
    finally:
        await sender.close()


async def test_a_webhook_is_verified_by_the_library_of_standard_webhooks(
    receiver: HttpReceiver,
) -> None:
    await send(WebhookTarget(url=receiver.url + "/hook", secret=SECRET), message_of())
    [got] = receiver.take()
    assert got.headers["webhook-id"] == "message-1"
    webhook = Webhook(SECRET)
    at = datetime.fromtimestamp(1_795_262_400, UTC)
    assert webhook.sign("message-1", at, got.body.decode()) == got.headers["webhook-signature"]
    assert (got.json["type"], got.json["alert"]["advice"]) == (
        "alert.raised",
        "Connect Ada by cable.",
    )


async def test_a_webhook_without_a_secret_is_not_signed(receiver: HttpReceiver) -> None:
    await send(WebhookTarget(url=receiver.url), message_of())
    [got] = receiver.take()
    assert "webhook-signature" not in got.headers


async def test_slack_gets_a_coloured_attachment_and_names_that_call_nobody(
    receiver: HttpReceiver,
) -> None:
    message = message_of(title="<!channel> & co", people=["<@U1>"], people_count=1)
    await send(SlackTarget(url=receiver.url), message)
    [got] = receiver.take()
    assert "<!channel>" not in got.body.decode() and "<@U1>" not in got.body.decode()
    [attachment] = got.json["attachments"]
    assert attachment["title"] == "&lt;!channel&gt; &amp; co"
    assert attachment["title_link"] == message.url
    assert {field["title"] for field in attachment["fields"]} == {
        "What to do",
        "Sessions",
        "People",
    }


@pytest.mark.parametrize(
    ("notice", "action"),
    [(Notice.RAISED, "trigger"), (Notice.UPDATED, "trigger"), (Notice.RESOLVED, "resolve")],
)
async def test_pagerduty_gets_one_key_for_the_whole_alert(
    receiver: HttpReceiver, notice: Notice, action: str
) -> None:
    target = PagerDutyTarget(routing_key=ROUTING_KEY, url=receiver.url)
    await send(target, message_of(notice))
    [got] = receiver.take()
    assert (got.json["event_action"], got.json["dedup_key"]) == (
        action,
        "aftercall/app/rule/alert-1",
    )
    assert got.json["routing_key"] == ROUTING_KEY
    assert got.json["payload"]["severity"] == "error"
    assert got.json["links"][0]["href"] == "https://calls.test/sessions/s?at=x"


def test_pagerduty_has_a_region() -> None:
    assert PagerDutyTarget(routing_key=ROUTING_KEY, region="eu").address == (
        "https://events.eu.pagerduty.com/v2/enqueue"
    )


async def test_a_refusal_and_an_address_that_is_not_allowed_fail_without_a_secret(
    receiver: HttpReceiver,
) -> None:
    receiver.statuses = [403]
    with pytest.raises(DeliveryFailed) as refused:
        await send(SlackTarget(url=receiver.url + "/hidden"), message_of())
    with pytest.raises(DeliveryFailed) as inside:
        await send(SlackTarget(url="http://10.0.0.1/hidden"), message_of())
    assert "hidden" not in f"{refused.value} {inside.value}"


class _Mailbox(Message):
    """Keeps the mails that came."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []

    def handle_message(self, message: Any) -> None:
        parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)


StartMail = Callable[..., tuple[_Mailbox, int]]


@pytest.fixture
def start_mail() -> Iterator[StartMail]:
    running: list[Controller] = []

    def start(**members: Any) -> tuple[_Mailbox, int]:
        mailbox = _Mailbox()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(mailbox, hostname="127.0.0.1", port=port, **members)
        controller.start()
        running.append(controller)
        return mailbox, port

    yield start
    for controller in running:
        controller.stop()


async def test_a_mail_says_everything_and_keeps_its_id(start_mail: StartMail) -> None:
    mailbox, port = start_mail()
    server = MailServer.read(f"smtp-plain://127.0.0.1:{port}", SENDER)
    target = EmailTarget(to=["duty@example.com", "boss@example.com"])
    await send(target, message_of(title="Two\r\nBcc: x@example.com lines"), mail_server=server)
    [mail] = mailbox.mails
    assert mail["Subject"] == "[Raised] Two Bcc: x@example.com lines"
    assert (mail["To"], mail["Bcc"]) == ("duty@example.com, boss@example.com", None)
    assert mail["Message-ID"] == "<message-1@example.com>"
    text = mail.get_content()
    for part in ("About 12 %", "Connect Ada", "duty phone", "sessions/s?at=x", "Bob, Cyd and 5"):
        assert part in text, part


async def test_mail_goes_over_verified_tls_with_a_password(
    start_mail: StartMail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    seen: list[tuple[bytes, bytes]] = []

    def authenticate(*args: Any) -> Any:
        seen.append((args[-1].login, args[-1].password))
        return AuthResult(success=True)

    mailbox, port = start_mail(
        tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True
    )
    server = MailServer.read(f"smtp://user:p%40ss@127.0.0.1:{port}", SENDER)
    target = EmailTarget(to=["duty@example.com"])
    with pytest.raises(DeliveryFailed, match="SSL"):
        await send(target, message_of(), mail_server=server)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    await send(target, message_of(), mail_server=server)
    assert len(mailbox.mails) == 1
    assert seen == [(b"user", b"p@ss")]


async def test_no_password_is_sent_to_a_server_without_tls(start_mail: StartMail) -> None:
    mailbox, port = start_mail()
    server = MailServer.read(f"smtp://127.0.0.1:{port}", SENDER)
    with pytest.raises(DeliveryFailed):
        await send(EmailTarget(to=["duty@example.com"]), message_of(), mail_server=server)
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("url", "sender"), [("http://x", SENDER), ("smtp://", SENDER), ("smtp://x", "nobody")]
)
def test_a_mail_server_that_is_none_is_refused(url: str, sender: str) -> None:
    with pytest.raises(BadSetting):
        MailServer.read(url, sender)


async def test_no_mail_without_a_server_and_no_apprise_without_permission() -> None:
    assert MailServer.read("", "") is None
    with pytest.raises(DeliveryFailed, match="AFTERCALL_SMTP_URL"):
        await send(EmailTarget(to=["duty@example.com"]), message_of())
    with pytest.raises(DeliveryFailed, match="AFTERCALL_APPRISE"):
        await send(AppriseTarget(url="json://127.0.0.1"), message_of())


# It imports a module that newer versions of Python lack.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_apprise_sends_what_it_knows(receiver: HttpReceiver) -> None:
    url = receiver.url.replace("http://", "json://")
    await send(AppriseTarget(url=url), message_of(), has_apprise=True)
    [got] = receiver.take()
    assert got.json["title"] == "[Raised] Uplink loss, 12 %: Ada – Standup"
    assert got.json["type"] == "failure"
    with pytest.raises(DeliveryFailed):
        await send(AppriseTarget(url="nothing-of-the-kind://x"), message_of(), has_apprise=True)
