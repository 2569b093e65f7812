"""A participant's verdict in short: what a list, a lane and a filter need to know of it.

The verdict itself, with its rows, is megabytes for a long call; its digest is a few kilobytes,
so that a whole session's can be read at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.quality.attribution.findings import Finding
from aftercall.core.quality.attribution.stream_ends import StreamId, stream_key
from aftercall.core.quality.attribution.traces import Span, union
from aftercall.core.quality.intervals.streams import AUDIO, SCREENSHARES, Family
from aftercall.core.quality.metadata import CandidatePair
from aftercall.core.quality.report import Completeness, Details, Verdict
from aftercall.core.quality.rows import parse_iso
from aftercall.core.quality.rules.issues import Issue

AUDIO_LEVELS: Final = (3.8, 3.1, 2.6)
"""The least MOS of levels 4 (good), 3 (fair) and 2 (poor) of a voice; what is lower is 1. The
words a call analyser known to WebRTC people puts to these numbers."""

VIDEO_LEVELS: Final = (3.3, 2.6, 2.1)
"""The same of a picture. The model knows bits, not faces: it is some 0.65 too strict with still
scenes, and an unhurt 720p picture at the bitrate WebRTC gives it comes to 3.6."""

BAD_AUDIO_MOS: Final = 3.1
BAD_VIDEO_MOS: Final = 2.6
"""Where the catalogue raises its issues of low opinion."""

MOST_BUCKETS: Final = 360
MOST_ISSUES: Final = 200
"""Issues of one participant that are kept for lists; chosen: more cannot be looked at."""

MOST_STREAMS: Final = 1_000

_STEPS: Final = tuple(
    EpochMs(step)
    for step in (
        10 * SECOND_MS,
        15 * SECOND_MS,
        30 * SECOND_MS,
        MINUTE_MS,
        2 * MINUTE_MS,
        5 * MINUTE_MS,
        10 * MINUTE_MS,
        30 * MINUTE_MS,
        HOUR_MS,
    )
)


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """Time in buckets: bucket `i` begins at `from_at + i * bucket_ms`."""

    from_at: EpochMs
    bucket_ms: int
    buckets: int

    @property
    def to_at(self) -> EpochMs:
        return EpochMs(self.from_at + self.buckets * self.bucket_ms)


def scale_of(from_at: EpochMs, to_at: EpochMs) -> Scale:
    """At most 360 buckets, none shorter than two reports are apart as a rule."""
    span_ms = max(1, to_at - from_at)
    needed_ms = -(-span_ms // MOST_BUCKETS)
    bucket_ms: int = next((step for step in _STEPS if step >= needed_ms), 0)
    if not bucket_ms:
        bucket_ms = -(-needed_ms // HOUR_MS) * HOUR_MS
    return Scale(from_at=from_at, bucket_ms=bucket_ms, buckets=-(-span_ms // bucket_ms))


class Where(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a participant called from, as words to filter by. `relay` is `none`, `udp`, `tcp` or
    `tls`: the way to the TURN server, if one was used."""

    browser: str | None = None
    os: str | None = None
    country: str | None = None
    network: str | None = None
    relay: str | None = None


class Digest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`mos_audio` and `mos_video` have a place for each bucket of the scale: the lowest opinion
    in it of what was sent and received. Screens are left out: text that stands still has no
    opinion to speak of."""

    scale: Scale
    mos_audio: list[float | None] = []
    mos_video: list[float | None] = []
    p10_mos_audio: float | None = None
    p10_mos_video: float | None = None
    avg_mos_audio: float | None = None
    avg_mos_video: float | None = None
    loss_percent: float | None = None
    """The highest of any family, over the whole stay."""
    rtt_ms: float | None = None
    is_measured: bool = False
    is_final: bool = True
    """As the report says."""
    is_bad: bool = False
    screenshare: list[Span] = []
    issues: list[Issue] = []
    diagnosis: list[Finding] = []
    completeness: Completeness
    where: Where = Where()
    browser_version: str | None = None
    os_version: str | None = None
    is_mobile: bool | None = None
    city: str | None = None
    streams: list[StreamId] = []


class _Row(msgspec.Struct, gc=False):
    timestamp: str
    mos: float | None = None
    ssrc: int | None = None
    mid: str | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    peer_id: str | None = None


_rows: Final = msgspec.json.Decoder(list[_Row])


def level_of(mos_audio: float | None, mos_video: float | None) -> int:
    """4 good, 3 fair, 2 poor, 1 bad, of the worse of voice and picture; 0 when nothing is known."""
    levels = [_level(mos_audio, AUDIO_LEVELS), _level(mos_video, VIDEO_LEVELS)]
    return min((level for level in levels if level), default=0)


def _level(mos: float | None, leasts: Sequence[float]) -> int:
    if mos is None:
        return 0
    return next((4 - place for place, least in enumerate(leasts) if mos >= least), 1)


def lower(one: float | None, other: float | None) -> float | None:
    """The lower of two values of which any may be unknown."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def levels_of(mos_audio: Sequence[float | None], mos_video: Sequence[float | None]) -> list[int]:
    """The level of each bucket."""
    return [level_of(a, v) for a, v in zip(mos_audio, mos_video, strict=True)]


def strip_of(lanes: Iterable[Sequence[int]], buckets: int, places: int) -> tuple[list[int], int]:
    """The worst known level of any lane, in at most `places` places; and how many buckets go
    into one."""
    width = max(1, -(-buckets // places))
    strip = [0] * -(-buckets // width)
    for levels in lanes:
        for bucket, level in enumerate(levels):
            place = bucket // width
            if level and place < len(strip) and (not strip[place] or level < strip[place]):
                strip[place] = level
    return strip, width


def digest(verdict: Verdict, details: Details, scale: Scale) -> Digest:
    """The digest of one participant on the scale of its session."""
    audio = _figures(verdict, is_audio=True)
    video = _figures(verdict, is_audio=False)
    rows = {family: _rows.decode(details.rows.get(family.value, b"[]")) for family in Family}
    mos_audio = _buckets(rows, scale, is_audio=True)
    mos_video = _buckets(rows, scale, is_audio=False)
    is_severe = any(issue.severity == "severe" for issue in verdict.issues)
    is_low = _is_below(audio[0], BAD_AUDIO_MOS) or _is_below(video[0], BAD_VIDEO_MOS)
    is_measured = bool(verdict.cumulative)
    metadata = verdict.metadata
    return Digest(
        scale=scale,
        mos_audio=mos_audio if is_measured else [],
        mos_video=mos_video if is_measured else [],
        p10_mos_audio=audio[0],
        p10_mos_video=video[0],
        avg_mos_audio=audio[1],
        avg_mos_video=video[1],
        loss_percent=_highest(block.packets_lost_percent for block in verdict.cumulative.values()),
        rtt_ms=_highest(
            block.rtt.avg_ms for block in verdict.cumulative.values() if block.rtt is not None
        ),
        is_measured=is_measured,
        is_final=verdict.is_final,
        is_bad=is_low or is_severe,
        screenshare=_screenshare(rows[Family.SCREENSHARE_VIDEO_PRODUCER], scale),
        issues=verdict.issues[:MOST_ISSUES],
        diagnosis=verdict.diagnosis[:MOST_ISSUES],
        completeness=verdict.completeness,
        where=Where(
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
        streams=_streams(rows),
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


def _is_below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit


def _figures(verdict: Verdict, *, is_audio: bool) -> tuple[float | None, float | None]:
    """The lowest tenth percentile and average of the families of a kind."""
    blocks = [
        verdict.cumulative[family.value].mos_estimated
        for family in Family
        if (family in AUDIO) is is_audio
        and family not in SCREENSHARES
        and family.value in verdict.cumulative
    ]
    tenths = [block.p10 for block in blocks if block.p10 is not None]
    averages = [block.avg for block in blocks if block.avg is not None]
    return (
        min(tenths) if tenths else None,
        round(min(averages), 3) if averages else None,
    )


def _highest(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(max(known), 3) if known else None


_Rows = Mapping[Family, Sequence[_Row]]


def _buckets(rows: _Rows, scale: Scale, *, is_audio: bool) -> list[float | None]:
    found: list[float | None] = [None] * scale.buckets
    for family, every in rows.items():
        if family in SCREENSHARES or (family in AUDIO) is not is_audio:
            continue
        places: dict[str, int] = {}
        for row in every:
            mos = row.mos
            if mos is None:
                continue
            place = places.get(row.timestamp)
            if place is None:
                place = (parse_iso(row.timestamp) - scale.from_at) // scale.bucket_ms
                place = places[row.timestamp] = min(max(place, 0), scale.buckets - 1)
            known = found[place]
            if known is None or mos < known:
                found[place] = mos
    return [None if mos is None else round(mos, 2) for mos in found]


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
