"""Which format a file has, by its content, never by its name."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from aftercall.ingest.dumps import about_webrtc, observertc, rtcstats_file, webrtc_internals
from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import BadDump, Entry

PEEK: Final = 4_096


class Format(NamedTuple):
    """A format, and what reads it."""

    name: str
    read: Callable[[DumpBytes], Iterator[Entry]]


WEBRTC_INTERNALS: Final = Format(webrtc_internals.FORMAT, webrtc_internals.read)
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
_OBSERVERTC: Final = frozenset({b"clientId", b"callId", b"peerConnections"})


def format_of(data: DumpBytes) -> Format:
    """The format of a file. Raises `BadDump` for one that is not read, and says what to do."""
    head = data.peek(PEEK).lstrip()
    if not head:
        raise BadDump("The file is empty.")
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
    if head.startswith(b"[") and _OBSERVERTC.intersection(members[:12]):
        return OBSERVERTC
    if head.startswith(b"["):
        raise BadDump(
            "The file is a JSON list, but not of ObserveRTC's samples. Dumps of webrtc-internals, "
            "about:webrtc, rtcstats and ObserveRTC are read."
        )
    raise BadDump(
        "The file is no dump that can be read: those of webrtc-internals, about:webrtc, rtcstats, "
        "ObserveRTC and Aftercall's own export are. RTC event logs and packet captures are not."
    )


def _object(members: list[bytes]) -> Format:
    first = members[:1]
    if first == [b"statsSessionId"]:
        raise BadDump("The file holds what Jitsi's client sends: point the client to Aftercall.")
    if first in ([b"reports"], [b"sdpHistories"]):
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
