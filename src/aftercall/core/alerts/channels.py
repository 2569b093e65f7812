"""Where alerts are sent, as an app states it."""

from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

Address = Annotated[str, Meta(pattern="^https?://[^\\s]{1,2000}$")]
Secret = Annotated[str, Meta(min_length=16, max_length=256)]
Mailbox = Annotated[str, Meta(pattern='^[^\\s@<>,;:"\\\\]{1,64}@[A-Za-z0-9.-]{1,255}$')]

PAGERDUTY_ADDRESSES: Final = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}


class WebhookTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="webhook", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """A receiver of JSON (docs/how-to/alerts.md). With a `secret`, which may be in the form
    `whsec_` + base64, requests carry the headers of Standard Webhooks."""

    url: Address
    secret: Secret | None = None


class SlackTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="slack", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """An incoming webhook of Slack, or of what is compatible: Mattermost, Rocket.Chat."""

    url: Address


class PagerDutyTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="pagerduty", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """An integration of PagerDuty by its Events API v2. `url` is for what is compatible."""

    routing_key: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{8,128}$")]
    region: Literal["us", "eu"] = "us"
    url: Address | None = None

    @property
    def address(self) -> str:
        return self.url or PAGERDUTY_ADDRESSES[self.region]


class EmailTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="email", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """Mailboxes. The server that sends is the operator's (`AFTERCALL_SMTP_URL`)."""

    to: Annotated[list[Mailbox], Meta(min_length=1, max_length=20)]


class AppriseTarget(
    msgspec.Struct, frozen=True, kw_only=True, tag="apprise", tag_field="kind",
    forbid_unknown_fields=True,
):  # fmt: skip
    """An address of Apprise, such as `matrix://…`, where the operator allows it."""

    url: Annotated[str, Meta(pattern="^[a-z][a-z0-9+.-]{1,30}://[^\\s]{1,2000}$")]


Target: TypeAlias = WebhookTarget | SlackTarget | PagerDutyTarget | EmailTarget | AppriseTarget

OF_PROGRAMS: Final = frozenset({"webhook", "pagerduty"})
"""Channels whose receivers keep state, and so hear of every end."""


class ChannelSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel as its owner states it."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    target: Target


def kind_of(target: Target) -> str:
    return str(type(target).__struct_config__.tag)


def shown_target(target: Target) -> dict[str, object]:
    """What may be shown of a target: nothing that would let somebody send to it."""
    if isinstance(target, EmailTarget):
        return {"to": list(target.to)}
    if isinstance(target, PagerDutyTarget):
        return {"host": host_of(target.address)}
    if isinstance(target, AppriseTarget):
        return {"scheme": target.url.partition(":")[0]}
    return {"host": host_of(target.url)}


def host_of(url: str) -> str:
    """The host; empty if it cannot be told."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
