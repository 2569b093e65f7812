"""Translates a body as the intake does, and redacts the result."""

from collections.abc import Sequence
from typing import NamedTuple

from aftercall.core.events import AnyEvent, Identity, PeerEvent
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.ingest.redaction import redact, redact_departure
from aftercall.ingest.source import Context, Departure, Rejected, Source

APP_ID = "app"


class RedactedTranslation(NamedTuple):
    """A translation with its facts as they are recorded, after redaction."""

    events: list[AnyEvent]
    positions: list[int]
    rejected: list[Rejected]
    notes: list[PeerEvent]
    peer_id: str | None
    heard_at: EpochMs | None
    departures: Sequence[Departure]
    ignored: int


def translate(
    source: Source,
    body: bytes,
    *,
    received_at: int,
    privacy: Privacy = Privacy.FULL,
    meeting_id: str = "meeting",
    identity: Identity | None = None,
    interval_ms: int = 0,
) -> RedactedTranslation:
    """The facts of a body received at a given time, for the app `app`."""
    context = Context(
        APP_ID,
        EpochMs(received_at),
        meeting_id,
        identity or Identity(user_id="user"),
        interval_ms,
    )
    found = source.translate(body, context)
    return RedactedTranslation(
        redact(found.facts, privacy),
        found.positions,
        found.rejected,
        found.notes,
        found.peer_id,
        found.heard_at,
        [redact_departure(each, privacy) for each in found.departures],
        found.ignored,
    )
