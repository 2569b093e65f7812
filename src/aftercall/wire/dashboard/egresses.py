"""The recordings and livestreams of a session, as its page lists them."""

from collections.abc import Sequence

import msgspec

from aftercall.core.egresses import (
    DOWNLOAD_URL,
    ERROR,
    FILE_NAME,
    NAME,
    PLAYBACK_URL,
    Egress,
    EgressKind,
    EgressStatus,
)
from aftercall.core.instants import EpochMs


class SessionEgress(msgspec.Struct, frozen=True, kw_only=True):
    """A recording or livestream that a source reported. `url` is where the source put the file, or
    where the livestream plays. What is not known is `null`."""

    id: str
    kind: EgressKind
    status: EgressStatus
    invoked_at: EpochMs
    started_at: EpochMs | None
    stopped_at: EpochMs | None
    duration_ms: int | None
    size_bytes: int | None
    name: str | None
    url: str | None
    error: str | None


def encode_egresses(found: Sequence[Egress]) -> list[SessionEgress]:
    return [
        SessionEgress(
            id=egress.id,
            kind=egress.kind,
            status=egress.status,
            invoked_at=egress.invoked_at,
            started_at=egress.started_at,
            stopped_at=egress.stopped_at,
            duration_ms=egress.length_ms,
            size_bytes=egress.size_bytes,
            name=egress.text(FILE_NAME) or egress.text(NAME),
            url=_web_address(egress.text(DOWNLOAD_URL) or egress.text(PLAYBACK_URL)),
            error=egress.text(ERROR),
        )
        for egress in found
    ]


def _web_address(url: str | None) -> str | None:
    """The address if a browser may open it: an import may hold any text."""
    return url if url is not None and url.startswith(("https://", "http://")) else None
