"""The digest of a participant's verdict, for lists, timelines and filters.

The verdict with its rows takes megabytes for a long call; its digest takes a few kilobytes, so that
those of a whole session can be read at once.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_matching import StreamId
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.experience.levels import (
    BAD,
    UNKNOWN,
    Experience,
    levels_of,
    overall_level,
    worst_tenth,
)
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.issues import SEVERITY_RANKS, Issue
from aftercall.core.quality.report.fold import Completeness, Verdict
from aftercall.core.quality.stats.peer_metadata import Asn, CandidatePair, Network
from aftercall.core.spans import Span, union

MOST_ISSUES: Final = 200
"""The number of a participant's issues that are kept for lists; more cannot be looked at.
Chosen."""


class Environment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The environment a participant called from, as values of filters. `relay` is `none`, `udp`,
    `tcp` or `tls`: the transport to the TURN server, if one was used. `provider` is the network
    operator: the number of its autonomous system and its name, as far as they are known."""

    browser: str | None = None
    browser_version: str | None = None
    """The browser with its major version: `Chrome 138`."""
    os: str | None = None
    country: str | None = None
    network: str | None = None
    relay: str | None = None
    provider: str | None = None
    region: str | None = None
    """The region with its country: `Lisbon, PT`."""
    client_version: str | None = None
    """The SDK or collector that reported, with its version."""
    app_version: str | None = None
    """The application, with the version that it reported of itself."""


class Digest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, dict=True):
    """`mos_audio` and `mos_video` are the moments of the experience, an entry for each bucket of
    the scale; `level` is the overall level, 0 if nothing was judged."""

    fold_version: int = 0
    scale: TimeScale
    level: int = UNKNOWN
    mos_audio: list[float | None] = []
    mos_video: list[float | None] = []
    worst_stream: list[int] = []
    """The level of the worst received stream in each bucket."""
    p10_mos_audio: float | None = None
    p10_mos_video: float | None = None
    """The MOS of the worst tenth of the measured moments, as `p10_mos_audio`."""
    avg_mos_audio: float | None = None
    avg_mos_video: float | None = None
    loss_percent: float | None = None
    """The highest of any family, over the whole stay."""
    rtt_ms: float | None = None
    is_measured: bool = False
    """Whether reports with streams came."""
    is_final: bool = True
    """As in the verdict."""
    screenshare: list[Span] = []
    issues: list[Issue] = []
    diagnosis: list[Finding] = []
    completeness: Completeness
    where: Environment = Environment()
    browser_version: str | None = None
    os_version: str | None = None
    is_mobile: bool | None = None
    city: str | None = None
    streams: list[StreamId] = []

    @property
    def is_bad(self) -> bool:
        """Whether the overall level is bad."""
        return self.level == BAD

    @property
    def is_judged(self) -> bool:
        """Whether there is an overall level."""
        return self.level != UNKNOWN

    @cached_property
    def levels(self) -> list[int]:
        """The level of each moment; empty without an overall level."""
        return levels_of(self.mos_audio, self.mos_video) if self.is_judged else []


def lower(one: float | None, other: float | None) -> float | None:
    """The lower of two values, or the known one."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def screenshare_spans(instants: Iterable[EpochMs], scale: TimeScale) -> list[Span]:
    """When a participant sent its screen, by the instants (ascending) at which reports showed
    it."""
    return union(((at, at) for at in instants), within_ms=3 * scale.bucket_ms)


def digest_of(
    verdict: Verdict, scale: TimeScale, screenshare: list[Span], streams: Sequence[StreamId] = ()
) -> Digest:
    """The digest of one participant on the scale of its session; without `streams` it lists none,
    as that of an ended session, whose reports hold the ends of streams."""
    metadata = verdict.metadata
    experience = verdict.experience
    if experience is None or experience.scale != scale:
        experience = Experience(scale=scale, mos_audio=[], mos_video=[], worst_stream=[])
    levels = experience.levels
    moments = sum(level != UNKNOWN for level in levels)
    return Digest(
        fold_version=verdict.fold_version,
        scale=scale,
        level=overall_level(levels),
        mos_audio=experience.mos_audio if moments else [],
        mos_video=experience.mos_video if moments else [],
        worst_stream=experience.worst_stream if moments else [],
        p10_mos_audio=worst_tenth(experience.mos_audio, moments),
        p10_mos_video=worst_tenth(experience.mos_video, moments),
        avg_mos_audio=_average(experience.mos_audio),
        avg_mos_video=_average(experience.mos_video),
        loss_percent=_highest(block.packets_lost_percent for block in verdict.cumulative.values()),
        rtt_ms=_highest(
            block.rtt.avg_ms for block in verdict.cumulative.values() if block.rtt is not None
        ),
        is_measured=bool(verdict.cumulative),
        is_final=verdict.is_final,
        screenshare=screenshare,
        issues=verdict.issues[:MOST_ISSUES],
        diagnosis=verdict.diagnosis[:MOST_ISSUES],
        completeness=verdict.completeness,
        where=environment_of(verdict),
        browser_version=metadata.browser.version,
        os_version=metadata.device.os_version,
        is_mobile=metadata.device.is_mobile,
        city=metadata.network.city,
        streams=list(streams),
    )


def environment_of(verdict: Verdict) -> Environment:
    """Where a participant called from."""
    browser, network = verdict.metadata.browser, verdict.metadata.network
    sdk, application = verdict.metadata.sdk, verdict.metadata.application
    return Environment(
        browser=_word(browser.name),
        browser_version=major_version(browser.name, browser.version),
        os=_word(verdict.metadata.device.os),
        country=_word(network.country),
        network=_word(_network(verdict)),
        relay=_relay(verdict),
        provider=_provider(network),
        region=_joined(", ", network.region, network.country) if network.region else None,
        client_version=_joined(" ", sdk.name, sdk.version) if sdk.version else None,
        app_version=_joined(" ", application.name, application.version),
    )


def without_place(where: Environment) -> Environment:
    """The environment without what was derived from an address finer than a country."""
    return replace(where, provider=None, region=None)


def major_version(name: str | None, version: str | None) -> str | None:
    """A browser with its major version: `Chrome 138`."""
    major = version.strip().partition(".")[0] if version else ""
    return _joined(" ", name, major) if major else None


def _provider(network: Network) -> str | None:
    asn = network.asn or Asn()
    return _joined(" ", asn.asn, asn.name or network.org)


def _joined(between: str, *texts: str | None) -> str | None:
    return _word(between.join(text for text in texts if text))


def worst_finding(findings: Iterable[Finding]) -> Finding | None:
    """The first finding that is more than information; the worst come first."""
    return next((each for each in findings if each.severity != "information"), None)


def worst_issue(issues: Iterable[Issue]) -> Issue | None:
    """The most severe issue, of these the longest; `None` if there is only information."""
    ranked = [issue for issue in issues if issue.severity != "information"]
    return min(
        ranked,
        key=lambda issue: (SEVERITY_RANKS[issue.severity], issue.first_at - issue.last_at),
        default=None,
    )


def _average(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None


def _highest(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(max(known), 3) if known else None


def _word(text: str | None) -> str | None:
    """A filter's value: one line of at most 64 characters."""
    return " ".join(text.split())[:64] or None if text else None


def _selected(verdict: Verdict) -> list[CandidatePair]:
    pairs = verdict.metadata.candidate_pairs
    return [pair for pair in (*pairs.producing, *pairs.consuming) if pair.is_selected]


def _network(verdict: Verdict) -> str | None:
    """The network type of the selected candidate, else the browser's estimate."""
    for pair in _selected(verdict):
        if pair.local_candidate_network_type not in (None, "unknown"):
            return pair.local_candidate_network_type
    return verdict.metadata.network.effective_type


def _relay(verdict: Verdict) -> str | None:
    pairs = _selected(verdict)
    if not pairs:
        return None
    for pair in pairs:
        if pair.local_candidate_type == "relay":
            return pair.local_candidate_relay_protocol or "udp"
    return "none"
