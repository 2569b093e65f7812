"""Alert rules, channels and alerts."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from aftercall.core.alerts.rules import RuleSpec
from aftercall.core.instants import EpochMs


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with what its owner stated. `muted_until`: nothing new is sent before."""

    id: str
    rule: RuleSpec
    muted_until: EpochMs | None
    created_at: EpochMs
    updated_at: EpochMs


class RuleList(msgspec.Struct, frozen=True, kw_only=True):
    rules: list[Rule]


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel. `target` is what may be shown of where it leads: addresses and keys are in no
    answer."""

    id: str
    name: str
    kind: str
    """`webhook`, `slack`, `pagerduty`, `email` or `apprise`."""
    target: dict[str, Any]
    created_at: EpochMs
    updated_at: EpochMs


class ChannelList(msgspec.Struct, frozen=True, kw_only=True):
    channels: list[Channel]


class ChannelTest(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the test message was delivered, and what went wrong if it was not."""

    is_delivered: bool
    problem: str | None


class Mute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many seconds from now nothing new is sent; 0: no longer muted."""

    for_s: Annotated[int, Meta(ge=0, le=31_622_400)]


class AlertSession(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    url: str


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert, in the words of its messages. `since_at` is from when the condition held."""

    id: str
    rule_id: str
    rule_name: str
    kind: str
    severity: str
    state: Literal["open", "resolved"]
    since_at: EpochMs
    raised_at: EpochMs | None
    resolved_at: EpochMs | None
    sent_at: EpochMs | None
    muted_until: EpochMs | None
    title: str
    sentence: str
    advice: str
    text: str
    causes: list[str]
    figures: dict[str, float]
    people: list[str]
    people_count: int
    sessions: list[AlertSession]
    url: str


class AlertPage(msgspec.Struct, frozen=True, kw_only=True):
    """The latest first; `next_cursor` leads to the earlier ones."""

    alerts: list[Alert]
    next_cursor: str | None


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    deleted: bool = True
