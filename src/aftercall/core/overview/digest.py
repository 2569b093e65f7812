"""A participant's verdict in short: what a list, a lane and a filter need to know of it.

The verdict itself, with its rows, is megabytes for a long call; its digest is a few kilobytes,
so that a whole session's can be read at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import parse_iso
from aftercall.core.quality.activity.stream_matching import StreamId, stream_key
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.experience.levels import (
    BAD,
    UNKNOWN,
    Experience,
    levels_of,
    overall_level,
    worst_tenth,
)
from aftercall.core.quality.experience.time_scale import Scale
from aftercall.core.quality.issues import Issue
from aftercall.core.quality.report.fold import Completeness, Details, Verdict
from aftercall.core.quality.stats.link import Family
from aftercall.core.quality.stats.peer_metadata import CandidatePair
from aftercall.core.spans import Span, union

MOST_ISSUES: Final = 200
"""Issues of one participant that are kept for lists; chosen: more cannot be looked at."""

MOST_STREAMS: Final = 1_000


class Environment(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a participant called from, as words to filter by. `relay` is `none`, `udp`, `tcp` or
    `tls`: the way to the TURN server, if one was used."""

    browser: str | None = None
    os: str | None = None
    country: str | None = None
    network: str | None = None
    relay: str | None = None


class Digest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`mos_audio` and `mos_video` are the moments of the experience, a place for each bucket of
    the scale; `level` is the letter they come to, 0 when nothing was judged."""

    fold_version: int = 0
    scale: Scale
    level: int = UNKNOWN
    mos_audio: list[float | None] = []
    mos_video: list[float | None] = []
    worst_stream: list[int] = []
    """The level of the worst stream received in each bucket."""
    p10_mos_audio: float | None = None
    p10_mos_video: float | None = None
    """The MOS of the worst tenth of the measured moments."""
    avg_mos_audio: float | None = None
    avg_mos_video: float | None = None
    loss_percent: float | None = None
    """The highest of any family, over the whole stay."""
    rtt_ms: float | None = None
    is_measured: bool = False
    """Reports of streams came."""
    is_final: bool = True
    """As the report says."""
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
        return self.level == BAD

    @property
    def is_judged(self) -> bool:
        return self.level != UNKNOWN

    @property
    def levels(self) -> list[int]:
        """The level of each moment; none where no letter was given."""
        return levels_of(self.mos_audio, self.mos_video) if self.is_judged else []


class _Row(msgspec.Struct, gc=False):
    timestamp: str
    ssrc: int | None = None
    mid: str | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    peer_id: str | None = None


_rows: Final = msgspec.json.Decoder(list[_Row])


def lower(one: float | None, other: float | None) -> float | None:
    """The lower of two values of which any may be unknown."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def digest(verdict: Verdict, details: Details, scale: Scale) -> Digest:
    """The digest of one participant on the scale of its session."""
    rows = {family: _decoded(details, family) for family in Family}
    screenshare = _screenshare(rows[Family.SCREENSHARE_VIDEO_PRODUCER], scale)
    return digest_of(verdict, scale, screenshare, _streams(rows))


def screenshare_spans(details: Details, scale: Scale) -> list[Span]:
    """When a participant sent its screen."""
    return _screenshare(_decoded(details, Family.SCREENSHARE_VIDEO_PRODUCER), scale)


def _decoded(details: Details, family: Family) -> "list[_Row]":
    return _rows.decode(details.rows.get(family.value, b"[]"))


def digest_of(
    verdict: Verdict, scale: Scale, screenshare: list[Span], streams: Sequence[StreamId] = ()
) -> Digest:
    """The digest of one participant whose rows are not at hand; without `streams` it lists none,
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
        where=Environment(
            browser=_word(metadata.browser.name),
            os=_word(metadata.device.os),
            country=_word(metadata.network.country),
            network=_word(_network(verdict)),
            relay=_relay(verdict),
        ),
        browser_version=metadata.browser.version,
        os_version=metadata.device.os_version,
        is_mobile=metadata.device.is_mobile,
        city=metadata.network.city,
        streams=list(streams),
    )


def worst_finding(findings: Iterable[Finding]) -> Finding | None:
    """The first that is more than information: they come the worst first."""
    return next((each for each in findings if each.severity != "information"), None)


def worst_issue(issues: Iterable[Issue]) -> Issue | None:
    """The most severe, of these the longest; `None` when there is only information."""
    ranked = [issue for issue in issues if issue.severity != "information"]
    return max(
        ranked,
        key=lambda issue: (issue.severity == "severe", issue.last_at - issue.first_at),
        default=None,
    )


def _average(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None


def _highest(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(max(known), 3) if known else None


_Rows = Mapping[Family, Sequence[_Row]]


def _screenshare(rows: Sequence[_Row], scale: Scale) -> list[Span]:
    """When a screen was sent, by the reports of it."""
    moments = sorted({parse_iso(timestamp) for timestamp in {row.timestamp for row in rows}})
    return union(((at, at) for at in moments), within_ms=3 * scale.bucket_ms)


def _streams(rows: _Rows) -> list[StreamId]:
    """Each stream once, as last described. Who sends it tells streams apart, as a server may
    reuse an SSRC; rows from before that was known belong to the one known later."""
    found: dict[tuple[str, str | None, str | None], StreamId] = {}
    for family, every in rows.items():
        for row in every:
            name = stream_key(family.value, row.ssrc, row.mid, row.consumer_id, row.producer_id)
            found[name, row.producer_id, row.peer_id] = StreamId(
                family=family.value,
                ssrc=row.ssrc,
                mid=row.mid,
                producer_id=row.producer_id,
                consumer_id=row.consumer_id,
                from_peer_id=row.peer_id,
            )
    tagged = {name for name, *sender in found if any(sender)}
    kept = [
        stream for (name, *sender), stream in found.items() if any(sender) or name not in tagged
    ]
    return kept[:MOST_STREAMS]


def _word(text: str | None) -> str | None:
    """A filter's value: one line, not too long."""
    return " ".join(text.split())[:64] or None if text else None


def _selected(verdict: Verdict) -> list[CandidatePair]:
    pairs = verdict.metadata.candidate_pairs
    return [pair for pair in (*pairs.producing, *pairs.consuming) if pair.is_selected]


def _network(verdict: Verdict) -> str | None:
    """What the candidate in use says, else what the browser estimated."""
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
