"""What each browser leaves out of a report, after MDN's compatibility data and recordings."""

from collections.abc import Mapping
from typing import Any, Final

from tests.truth.scene import BrowserName

_ENCODER = "qualityLimitationReason qualityLimitationDurations active targetBitrate contentType"

_LACKING: Final[Mapping[BrowserName, Mapping[str, str]]] = {
    "chrome": {},
    "firefox": {
        "outbound-rtp": f"{_ENCODER} mediaSourceId transportId",
        "inbound-rtp": "contentType transportId",
        "media-source": "*",
        "candidate-pair": "availableOutgoingBitrate",
        "transport": "bytesSent bytesReceived",
    },
    "old-firefox": {
        "outbound-rtp": f"{_ENCODER} mediaSourceId transportId mid rid keyFramesEncoded",
        "inbound-rtp": "contentType transportId mid keyFramesDecoded freezeCount"
        " totalFreezesDuration",
        "media-source": "*",
        "candidate-pair": "availableOutgoingBitrate currentRoundTripTime totalRoundTripTime"
        " responsesReceived",
        "transport": "*",
    },
    "safari": {
        "outbound-rtp": "qualityLimitationReason qualityLimitationDurations active contentType",
        "inbound-rtp": "contentType freezeCount totalFreezesDuration audioLevel",
        "remote-inbound-rtp": "fractionLost",
        "media-source": "audioLevel totalAudioEnergy totalSamplesDuration width height frames"
        " framesPerSecond",
    },
}

_MEMBERS_LACKING: Final = {
    browser: {type_: frozenset(names.split()) for type_, names in of.items()}
    for browser, of in _LACKING.items()
}

AGENTS: Final[Mapping[BrowserName, Mapping[str, str]]] = {
    "chrome": {"name": "Chrome", "version": "142.0.0.0", "engine": "Blink"},
    "firefox": {"name": "Firefox", "version": "145.0", "engine": "Gecko"},
    "old-firefox": {"name": "Firefox", "version": "115.0", "engine": "Gecko"},
    "safari": {"name": "Safari", "version": "17.4", "engine": "WebKit"},
}


def shaped(browser: BrowserName, stats: dict[str, Any]) -> dict[str, Any] | None:
    """The object as that browser reports it, `None` where it has none of the type."""
    lacking = _MEMBERS_LACKING[browser].get(stats["type"], frozenset())
    if "*" in lacking:
        return None
    kept = {name: value for name, value in stats.items() if name not in lacking}
    if browser in ("firefox", "old-firefox") and kept["type"] == "candidate-pair":
        kept["selected"] = True
    return kept
