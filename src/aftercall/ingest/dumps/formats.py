"""Which format a file has, by its content, never by its name."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import msgspec

from aftercall.core.storable_json import UNREADABLE
from aftercall.ingest.dumps import (
    about_webrtc,
    jitsi_file,
    observertc,
    rtcstats_file,
    webrtc_internals,
)
from aftercall.ingest.dumps.dump_bytes import GZIP, ZSTD, DumpBytes
from aftercall.ingest.dumps.entries import BadDump, Entry

PEEK: Final = 4_096
PEEK_OF_LINES: Final = 65_536
"""The first lines of a log may hold an SDP."""


class Format(NamedTuple):
    """A format, and what reads it."""

    name: str
    read: Callable[[DumpBytes], Iterator[Entry]]


WEBRTC_INTERNALS: Final = Format(webrtc_internals.FORMAT, webrtc_internals.read)
JITSI: Final = Format(jitsi_file.FORMAT, jitsi_file.read)
RTCSTATS: Final = Format(rtcstats_file.FORMAT, rtcstats_file.read)
ABOUT_WEBRTC: Final = Format(about_webrtc.FORMAT, about_webrtc.read_report)
ABOUT_WEBRTC_HISTORY: Final = Format(about_webrtc.HISTORY_FORMAT, about_webrtc.read_history)
OBSERVERTC: Final = Format(observertc.FORMAT, observertc.read)

_HTML: Final = (b"<!doctype", b"<html")
_MEMBER: Final = re.compile(rb'"([A-Za-z]+)"\s*:')
_INTERNALS: Final = frozenset(
    {b"PeerConnections", b"getUserMedia", b"UserAgentData", b"deviceMemory", b"cpuPerformance"}
)
_FIREFOX: Final = frozenset(
    {b"pcid", b"bandwidthEstimations", b"codecStats", b"dataChannelStats", b"iceCandidatePairStats"}
)
_HISTORY: Final = frozenset({b"reports", b"sdpHistories"})
_OBSERVERTC: Final = frozenset({b"clientId", b"callId", b"peerConnections"})


def format_of(data: DumpBytes) -> Format:
    """The format of a file. Raises `BadDump` for one that is not read, and says what to do."""
    head = data.peek(PEEK).lstrip()
    if not head:
        raise BadDump("The file is empty.")
    if head.startswith((GZIP, ZSTD)):
        raise BadDump("The file is compressed twice: uncompress it once.")
    if head.startswith(rtcstats_file.MAGIC):
        return RTCSTATS
    if head[:16].lower().startswith(_HTML):
        raise BadDump(
            "The file is a web page. On about:webrtc use “Copy Report” or “Copy History” and save "
            "the text; “Save Page” cannot be read."
        )
    members = [found[1] for found in _MEMBER.finditer(head)]
    if head.startswith(b"{"):
        return _object(members)
    if head.startswith(b"["):
        return _list(data.peek(PEEK_OF_LINES).lstrip(), members)
    raise BadDump(
        "The file is no dump that can be read: those of webrtc-internals, about:webrtc, rtcstats, "
        "ObserveRTC and Aftercall's own export are. RTC event logs and packet captures are not."
    )


def _list(head: bytes, members: list[bytes]) -> Format:
    """The format of a list, or of lists that are one a line."""
    if head[1:].lstrip().startswith(b'"'):
        lines = [found for line in head.split(b"\n")[:2] if (found := _line(line)) is not None]
        if lines and all(map(jitsi_file.is_entry, lines)):
            return JITSI
        return RTCSTATS
    if b"PeerConnections" in members or _INTERNALS.intersection(members[:1]):
        return WEBRTC_INTERNALS
    if _OBSERVERTC.intersection(members[:12]):
        return OBSERVERTC
    if _HISTORY.intersection(members[:1]):
        return ABOUT_WEBRTC_HISTORY
    if _FIREFOX.intersection(members):
        return ABOUT_WEBRTC
    raise BadDump(
        "The file is a JSON list, but no dump that can be read: those of webrtc-internals, "
        "about:webrtc, rtcstats, Jitsi and ObserveRTC are."
    )


def _line(line: bytes) -> object:
    """The value of a line; `None` for one that goes beyond what was peeked at, or is empty."""
    try:
        return msgspec.json.decode(line)
    except UNREADABLE:
        return None


def _object(members: list[bytes]) -> Format:
    first = members[:1]
    if first == [b"statsSessionId"]:
        raise BadDump("The file holds what Jitsi's client sends: point the client to Aftercall.")
    if first == [b"fileFormat"]:
        return RTCSTATS
    if _HISTORY.intersection(first):
        return ABOUT_WEBRTC_HISTORY
    if _INTERNALS.intersection(members[:1]) or b"PeerConnections" in members:
        return WEBRTC_INTERNALS
    if _OBSERVERTC.intersection(members[:4]):
        return OBSERVERTC
    if _FIREFOX.intersection(members):
        return ABOUT_WEBRTC
    if b"UserAgent" in members[:1]:
        return WEBRTC_INTERNALS
    raise BadDump(
        "The file is JSON, but no dump that can be read: those of webrtc-internals, about:webrtc, "
        "rtcstats, ObserveRTC and Aftercall's own export are."
    )
