"""A session as another system recorded it, to be kept as it is."""

import msgspec

from aftercall.core.egresses import Egress
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.records import ChatMessage, Participant, Peer, Session, TranscriptLine

IMPORTED_SOURCE = "realtimekit_import"
"""The source of peers that were read from RealtimeKit's own record."""


class ImportedReport(msgspec.Struct, kw_only=True):
    """A participant's report. `answers` is what the other system answered, as JSON, with the rows
    of each family taken out; it is served as it is. `verdict` and `rows` are the same figures for
    lists, pages and filters."""

    verdict: Verdict
    rows: dict[str, msgspec.Raw]
    answers: bytes


class ImportedSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The summary's text, and whether it is Markdown."""

    text: str
    is_markdown: bool


class ImportedSession(msgspec.Struct, kw_only=True):
    """An ended session with everything that was recorded of it."""

    session: Session
    participants: list[Participant]
    peers: list[Peer]
    reports: dict[str, ImportedReport]
    """By participant."""
    messages: list[ChatMessage]
    lines: list[TranscriptLine]
    summary: ImportedSummary | None
    egresses: list[Egress] = []
    """Its recordings and livestreams."""
