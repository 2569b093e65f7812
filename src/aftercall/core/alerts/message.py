"""What is sent about an alert, before a channel gives it its form."""

from typing import NamedTuple

import msgspec

from aftercall.core.alerts.lifecycle import Notice
from aftercall.core.instants import EpochMs


class MessageSession(NamedTuple):
    """A session, what it is called, and the address of its page."""

    id: str
    title: str
    url: str


class AlertMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message. Its `id` is the same at every attempt to deliver it, `dedupe_key` in all messages
    about one alert. `title` fits a line; `sentence` says what happened, to whom and how much,
    `advice` what to do, `text` what the rule's owner wrote."""

    id: str
    notice: Notice
    at: EpochMs
    app_id: str
    app_name: str
    alert_id: str
    dedupe_key: str
    rule_id: str
    rule_name: str
    kind: str
    severity: str
    title: str
    sentence: str
    advice: str
    text: str
    causes: list[str] = []
    figures: dict[str, float] = {}
    people: list[str] = []
    """Names, as many as are listed."""
    people_count: int = 0
    sessions: list[MessageSession] = []
    url: str
    """Where to look: the session at the moment that shows it, or the overview."""
    raised_at: EpochMs | None
    resolved_at: EpochMs | None = None
