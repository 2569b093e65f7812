"""Alerts: what a rule found, from when to when, and what was sent about it."""

from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.named_text import Text, TextPart
from aftercall.core.records import Record

WHOLE_APP = "app"
"""The subject of an alert that is about no single session."""


class AlertState(StrEnum):
    """`PENDING`: the condition holds, not long enough yet."""

    PENDING = "pending"
    OPEN = "open"
    RESOLVED = "resolved"


class AlertContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What there is to say. People are named by their ids alone (`without_names`), so that an
    alert holds no data of persons. `at` is a moment that shows it. `fingerprint` changes with what
    is worth a further message."""

    summary: Text = []
    sentence: Text = []
    advice: Text = []
    causes: list[str] = []
    figures: dict[str, float] = {}
    people: list[str] = []
    """The participants who suffer."""
    sessions: list[str] = []
    at: EpochMs | None = None
    fingerprint: str = ""


class Alert(Record, frozen=True, kw_only=True):
    """An alert of a rule about one subject: the id of a session, or `WHOLE_APP`."""

    app_id: str
    id: str
    rule_id: str
    subject: str
    state: AlertState
    since_at: EpochMs
    """Since when the condition has held."""
    raised_at: EpochMs | None = None
    clear_since_at: EpochMs | None = None
    """Since when it has been over without being resolved."""
    resolved_at: EpochMs | None = None
    updated_at: EpochMs
    sent_at: EpochMs | None = None
    """When something was last sent about it; `None` while nothing was, as it is muted."""
    sent_fingerprint: str = ""
    muted_until: EpochMs | None = None
    version: int = 0
    """Grows with each change, so that of two processes that evaluate at once one changes it."""
    content: dict[str, Any] = msgspec.field(default_factory=dict)
    """An `AlertContent`."""

    def read_content(self) -> AlertContent:
        return msgspec.convert(self.content, AlertContent)


class Reading(StrEnum):
    """What an evaluation says of a condition. `BETWEEN` its two thresholds it neither raises an
    alert nor ends one. `OVER`: what it was about has ended."""

    RAISED = "raised"
    BETWEEN = "between"
    CLEAR = "clear"
    OVER = "over"


class Observation(NamedTuple):
    """The reading of one subject."""

    subject: str
    reading: Reading
    content: AlertContent = AlertContent()


def content_to_dict(content: AlertContent) -> dict[str, Any]:
    """The form in which an alert stores it."""
    made: dict[str, Any] = msgspec.to_builtins(content)
    return made


def without_names(text: Text) -> Text:
    """The text with ids in place of names."""
    return [
        part if part.participant_id is None else TextPart("", part.participant_id) for part in text
    ]
