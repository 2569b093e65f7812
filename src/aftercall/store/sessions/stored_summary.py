"""A session's summary as JSON, under the member names of the documents that are stored."""

from typing import Final

import msgspec
from msgspec.structs import asdict

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_summary import SessionQuality, SessionSummary


class _StoredQuality(
    SessionQuality,
    frozen=True,
    kw_only=True,
    rename={"shares_from_at": "strip_from_at", "shares_bucket_ms": "strip_bucket_ms"},
):
    # Declared again, since msgspec renames no member that is inherited.
    shares_from_at: EpochMs
    shares_bucket_ms: int


class _StoredSummary(SessionSummary, frozen=True, kw_only=True):
    quality: _StoredQuality | None = None


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_StoredSummary).decode


def encode_summary(summary: SessionSummary) -> str:
    """The stored document of a summary."""
    quality = summary.quality
    stored = None if quality is None else _StoredQuality(**asdict(quality))
    return _encode(_StoredSummary(**(asdict(summary) | {"quality": stored}))).decode()


def decode_summary(document: str) -> SessionSummary:
    """The summary in a stored document. Raises `msgspec.DecodeError`."""
    stored = _decode(document)
    quality = None if stored.quality is None else SessionQuality(**asdict(stored.quality))
    return SessionSummary(**(asdict(stored) | {"quality": quality}))
