"""A folded report as it is stored: a small part that is read each time, a large one that is
handed on, each compressed."""

from typing import Final

import msgspec
import zstandard

from aftercall.core.errors import Bug
from aftercall.core.quality.report import Details, Verdict

LEVEL: Final = 3
"""zstd level; higher ones cost the end of a session more than they save."""

_LENGTH_BYTES: Final = 4
_verdicts: Final = msgspec.json.Decoder(Verdict)
_details: Final = msgspec.json.Decoder(Details)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say about one participant of one session."""

    verdict: Verdict
    details: Details


def pack(verdict: Verdict, details: bytes) -> bytes:
    """The document; `details` are those of `pack_details`."""
    head = zstandard.ZstdCompressor(level=LEVEL).compress(msgspec.json.encode(verdict))
    return len(head).to_bytes(_LENGTH_BYTES, "big") + head + details


def pack_details(details: Details) -> bytes:
    """The rows, compressed: a hundredth of a long session's memory while it is folded."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(msgspec.json.encode(details))


def unpack(document: bytes) -> Report:
    """Raises `Bug` for a document that no fold of this program or an older one wrote."""
    end = _LENGTH_BYTES + int.from_bytes(document[:_LENGTH_BYTES], "big")
    inflate = zstandard.ZstdDecompressor().decompress
    try:
        return Report(
            verdict=_verdicts.decode(inflate(document[_LENGTH_BYTES:end])),
            details=_details.decode(inflate(document[end:])),
        )
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise Bug("A stored report cannot be read.", code="report_unreadable") from error
