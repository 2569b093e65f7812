"""The peer report and the older statistics, in RealtimeKit's words and ours beside them.

The sample rows come encoded, as the fold left them; here they are only put in their places.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.quality.diagnosis.findings import Evidence, Finding
from aftercall.core.quality.issues import Issue
from aftercall.core.quality.report.cumulative import (
    Cumulative,
    DelayFigures,
    Distribution,
    LossFigures,
)
from aftercall.core.quality.report.fold import Completeness, Verdict
from aftercall.core.quality.report.receive_stats import MediaReception, PeerReception
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, Family
from aftercall.core.records import Participant
from aftercall.wire.omit_nulls import known_members
from aftercall.wire.peer_report.metadata import QUALITY_STATS, encode_metadata
from aftercall.wire.peer_report.stats import Joining
from aftercall.wire.peer_report.stats import encode_peer_stats as _encode_peer_stats
from aftercall.wire.times import encode_time

Json = dict[str, Any]

ALL: Final[frozenset[str]] = frozenset()
_NOTHING: Final = msgspec.Raw(b"[]")
_BITS: Final = 8


def wants_quality(filters: frozenset[str]) -> bool:
    """Whether the filters ask for what was measured of the streams, which is the long part."""
    return not filters or QUALITY_STATS in filters


def encode_peer_report(
    row: Participant,
    verdict: Verdict,
    rows: Mapping[str, msgspec.Raw],
    *,
    filters: frozenset[str] = ALL,
) -> Json:
    """`peer_report`: metadata, quality, and ours: `issues`, `diagnosis`, `completeness`,
    `is_final`.

    `rows` are the sample rows of each family, as JSON arrays. `filters` are names of
    `peer_metadata.FILTERS`; none of them asks for all.
    """
    report: Json = {
        "metadata": encode_metadata(verdict.metadata, row.view_type, filters),
        "is_final": verdict.is_final,
    }
    if wants_quality(filters):
        report["quality"] = _encode_quality(verdict, rows)
        report["issues"] = [_encode_issue(issue) for issue in verdict.issues]
        report["diagnosis"] = [_encode_finding(finding) for finding in verdict.diagnosis]
        report["completeness"] = _encode_completeness(verdict.completeness)
        report["fold_version"] = verdict.fold_version
    return report


def encode_peer_stats(
    row: Participant, verdict: Verdict, *, filters: frozenset[str] = ALL, in_details: bool = False
) -> Json:
    """The older `peer_stats`. In participant details the precall part has the throughput under
    the schema's misspelt name as well."""
    joining = Joining(
        at=encode_time(row.joined_at),
        session_id=row.session_id,
        peer_id=verdict.spans[0].peer_id if verdict.spans else None,
        user_id=row.user_id,
    )
    stats = _encode_peer_stats(verdict.metadata, joining, filters)
    precall = stats.get("precall_network_information")
    if in_details and precall and "throughput" in precall:
        precall["throughtput"] = precall["throughput"]  # sic
    return stats


def _encode_quality(verdict: Verdict, rows: Mapping[str, msgspec.Raw]) -> Json:
    quality: Json = {}
    for family in Family:
        quality[family.value] = rows.get(family.value, _NOTHING)
        block = verdict.cumulative.get(family.value)
        quality[f"{family.value}_cumulative"] = (
            {} if block is None else known_members(_encode_cumulative(family, block))
        )
    return quality


def _encode_cumulative(family: Family, block: Cumulative) -> Json:
    encoded: Json = {
        "packet_loss": _encode_loss(block.packet_loss),
        "quality_mos": _encode_distribution(block.quality_score),
        "mos_estimated": {
            **_encode_distribution(block.mos_estimated),
            "p10": block.mos_estimated.p10,
            "scored_share": block.scored_share,
        },
        "packets_lost_percent": block.packets_lost_percent,
    }
    if block.rtt is not None:
        encoded["rtt"] = _encode_delay(block.rtt)
    if block.jitter_buffer_delay is not None:
        encoded["jitter_buffer_delay"] = _encode_delay(block.jitter_buffer_delay)
    if family not in AUDIO:
        encoded |= _encode_picture(family, block)
    return encoded


def _encode_picture(family: Family, block: Cumulative) -> Json:
    issues: Json = {
        "no_video_fraction": block.no_video_fraction,
        "poor_resolution_fraction": block.poor_resolution_fraction,
    }
    encoded: Json = {
        "frame_width": _encode_distribution(block.frame_width),
        "frame_per_second": _encode_distribution(block.frames_per_second),
        "issues": issues,
    }
    if family in PRODUCERS:
        issues["quality_limitation_fraction"] = block.quality_limitation_fraction
        issues["cpu_quality_limitation_fraction"] = block.cpu_quality_limitation_fraction
        issues["bandwidth_quality_limitation_fraction"] = (
            block.bandwidth_quality_limitation_fraction
        )
        encoded["high_negative_feedback_fraction"] = block.high_negative_feedback_fraction
        encoded["key_frames_encoded_fraction"] = block.key_frames_fraction
    else:
        issues["lag_fraction"] = block.lag_fraction
        encoded["key_frames_decoded_fraction"] = block.key_frames_fraction
    return encoded


def _encode_loss(loss: LossFigures) -> Json:
    return {
        "avg": loss.avg,
        "5_or_greater_event_fraction": loss.at_least_5,
        "10_or_greater_event_fraction": loss.at_least_10,
        "25_or_greater_event_fraction": loss.at_least_25,
        "50_or_greater_event_fraction": loss.at_least_50,
    }


def _encode_delay(delay: DelayFigures) -> Json:
    return {
        "avg": delay.avg_ms,
        "100ms_or_greater_event_fraction": delay.at_least_100_ms,
        "250ms_or_greater_event_fraction": delay.at_least_250_ms,
        "500ms_or_greater_event_fraction": delay.at_least_500_ms,
    }


def _encode_distribution(values: Distribution | None) -> Json:
    if values is None:
        return {}
    return {name: getattr(values, name) for name in ("avg", "p50", "p75", "p90")}


def _encode_issue(issue: Issue) -> Json:
    return {
        "name": issue.name,
        "severity": issue.severity,
        "first_at": encode_time(issue.first_at),
        "last_at": encode_time(issue.last_at),
        "sample_count": issue.sample_count,
        "worst": issue.worst,
        "typical": issue.typical,
        "stream": issue.stream,
        "origin": issue.origin,
        "is_open": issue.is_open,
    }


def _encode_finding(finding: Finding) -> Json:
    return {
        "cause": finding.cause,
        "severity": finding.severity,
        "sentence": finding.sentence,
        "first_at": encode_time(finding.first_at),
        "last_at": encode_time(finding.last_at),
        "peer_ids": finding.peer_ids,
        "issues": finding.issues,
        "subject": finding.subject,
        "media": finding.media,
        "direction": finding.direction,
        "figures": finding.figures,
        "affected": finding.affected,
        "spans": [
            {"first_at": encode_time(start_at), "last_at": encode_time(end_at)}
            for start_at, end_at in finding.spans
        ],
        "evidence": _encode_evidence(finding.evidence),
        "advice": finding.advice,
        "advice_key": finding.advice_key,
    }


def _encode_evidence(evidence: Evidence) -> Json:
    encoded: Json = msgspec.to_builtins(evidence)
    if evidence.device is not None:
        encoded["device"]["at"] = encode_time(evidence.device.at)
    return encoded


def _encode_completeness(completeness: Completeness) -> Json:
    encoded: Json = msgspec.to_builtins(completeness)
    encoded["gaps"] = [
        {
            "peer_id": gap.peer_id,
            "start": encode_time(gap.start_at),
            "end": encode_time(gap.end_at),
            "length_ms": gap.end_at - gap.start_at,
        }
        for gap in completeness.gaps
    ]
    return encoded


def encode_quality_stats(receptions: Sequence[PeerReception]) -> Json:
    """The older `quality_stats` of the peer report: one object over all peers of the row.
    Zeros and nulls where nothing was received."""
    audio = [each.audio for each in receptions]
    video = [each.video for each in receptions]
    ends = [each.end_at for each in receptions]
    is_over = all(end is not None for end in ends)
    return {
        "peer_ids": [each.peer_id for each in receptions],
        "start": encode_time(min((each.start_at for each in receptions), default=None)),
        "end": encode_time(max((end for end in ends if end is not None), default=None))
        if is_over
        else None,
        "average_quality": _average(audio + video),
        "audio_bandwidth": _bandwidth(audio),
        "video_bandwidth": _bandwidth(video),
        "total_audio_packets": sum(each.packets for each in audio),
        "total_audio_packets_lost": sum(each.packets_lost for each in audio),
        "total_video_packets": sum(each.packets for each in video),
        "total_video_packets_lost": sum(each.packets_lost for each in video),
        **_packet_times("audio", audio),
        **_packet_times("video", video),
        "audio_stats": _joined(audio),
        "video_stats": _joined(video),
    }


def encode_quality_stats_list(receptions: Sequence[PeerReception]) -> list[Json]:
    """The older `quality_stats` of participant details: an object for each peer of the row."""
    return [_encode_reception(each) for each in receptions]


def _encode_reception(reception: PeerReception) -> Json:
    audio, video = reception.audio, reception.video
    return {
        "peer_id": reception.peer_id,
        "start": encode_time(reception.start_at),
        "end": encode_time(reception.end_at),
        "average_quality": _average([audio, video]),
        "audio_bandwidth": _bandwidth([audio]),
        "video_bandwidth": _bandwidth([video]),
        "audio_packet_loss": _loss_percent(audio),
        "video_packet_loss": _loss_percent(video),
        "audio_stats": audio.moments,
        "video_stats": video.moments,
    }


def _average(parts: Sequence[MediaReception]) -> float | None:
    scores = sum(part.scores for part in parts)
    return round(sum(part.score_total for part in parts) / scores, 4) if scores else None


def _bandwidth(parts: Sequence[MediaReception]) -> int:
    """Bits a second over the time with reports."""
    seconds = sum(part.seconds for part in parts)
    return round(_BITS * sum(part.bytes for part in parts) / seconds) if seconds else 0


def _loss_percent(part: MediaReception) -> float | None:
    """Retransmitted copies are no packets of their own."""
    expected = part.packets_expected
    return round(100 * part.packets_lost / expected, 4) if expected else None


def _packet_times(kind: str, parts: Sequence[MediaReception]) -> Json:
    first = min((part.first_at for part in parts if part.first_at is not None), default=None)
    last = max((part.last_at for part in parts if part.last_at is not None), default=None)
    return {
        f"first_{kind}_packet_received": encode_time(first),
        f"last_{kind}_packet_received": encode_time(last),
    }


def _joined(parts: Sequence[MediaReception]) -> msgspec.Raw:
    """The arrays one after the other, as one array."""
    inner = [bytes(part.moments)[1:-1] for part in parts]
    return msgspec.Raw(b"[" + b",".join(each for each in inner if each) + b"]")
