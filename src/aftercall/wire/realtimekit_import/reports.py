"""A verdict from RealtimeKit's peer report: its figures for lists, pages and filters.

What only Aftercall writes (issues, diagnosis, completeness, the estimated opinion) is read where
the report has it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.issues import Issue
from aftercall.core.quality.report.cumulative import (
    Cumulative,
    DelayFigures,
    Distribution,
    LossFigures,
)
from aftercall.core.quality.report.fold import FOLD_VERSION, Completeness, PeerSpan, Verdict
from aftercall.core.quality.stats.peer_metadata import (
    Asn,
    Browser,
    CandidatePair,
    CandidatePairs,
    ClientEvent,
    Device,
    DeviceListChange,
    DeviceSelection,
    Encoder,
    Machine,
    Metadata,
    Network,
    PrecallTest,
    Sdk,
)
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.records import Peer
from aftercall.wire.realtimekit_import.json_members import (
    Json,
    as_struct,
    list_in,
    number_in,
    object_in,
    text_in,
    time_in,
)
from aftercall.wire.times import parse_time

_NO_VALUES: Final = Distribution(None, None, None, None, None)
_SCALAR: Final = (str, int, float, bool, type(None))
_MOST_FINDINGS: Final = 2_000


def read_verdict(report: Json, peers: Sequence[Peer]) -> Verdict:
    """The figures of a report without its rows; an empty report has none."""
    quality = object_in(report, "quality")
    cumulative = {
        family.value: _cumulative(block)
        for family in Family
        if (block := object_in(quality, f"{family.value}_cumulative"))
    }
    last = peers[-1]
    return Verdict(
        fold_version=FOLD_VERSION,
        spans=[
            PeerSpan(peer_id=peer.id, start_at=peer.present_from, end_at=peer.left_at)
            for peer in peers
        ],
        metadata=read_metadata(object_in(report, "metadata")),
        completeness=_completeness(object_in(report, "completeness"), last),
        cumulative=cumulative,
        issues=_all_of(list_in(report, "issues"), Issue),
        diagnosis=_all_of(list_in(report, "diagnosis"), Finding),
        is_final=True,
    )


def _cumulative(block: Json) -> Cumulative:
    issues = object_in(block, "issues")
    estimated = object_in(block, "mos_estimated")
    key_frames = number_in(block, "key_frames_encoded_fraction")
    return Cumulative(
        packet_loss=LossFigures(
            number_in(object_in(block, "packet_loss"), "avg"),
            *(
                number_in(object_in(block, "packet_loss"), f"{each}_or_greater_event_fraction")
                for each in (5, 10, 25, 50)
            ),
        ),
        packets_lost_percent=_first(
            number_in(block, "packets_lost_percent"),
            number_in(object_in(block, "packet_loss"), "avg"),
        ),
        quality_score=_distribution(object_in(block, "quality_mos")) or _NO_VALUES,
        mos_estimated=_distribution(estimated) or _NO_VALUES,
        scored_share=number_in(estimated, "scored_share"),
        rtt=_delay(object_in(block, "rtt")),
        jitter_buffer_delay=_delay(object_in(block, "jitter_buffer_delay")),
        frame_width=_distribution(object_in(block, "frame_width")),
        frames_per_second=_distribution(object_in(block, "frame_per_second")),
        high_negative_feedback_fraction=number_in(block, "high_negative_feedback_fraction"),
        key_frames_fraction=_first(key_frames, number_in(block, "key_frames_decoded_fraction")),
        **{
            name: number_in(issues, name)
            for name in (
                "no_video_fraction",
                "poor_resolution_fraction",
                "lag_fraction",
                "quality_limitation_fraction",
                "cpu_quality_limitation_fraction",
                "bandwidth_quality_limitation_fraction",
            )
        },
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _distribution(block: Json) -> Distribution | None:
    values = [number_in(block, name) for name in ("avg", "p10", "p50", "p75", "p90")]
    return Distribution(*values) if any(value is not None for value in values) else None


def _delay(block: Json) -> DelayFigures | None:
    if not block:
        return None
    fractions = (f"{each}ms_or_greater_event_fraction" for each in (100, 250, 500))
    return DelayFigures(number_in(block, "avg"), *(number_in(block, name) for name in fractions))


def _completeness(found: Json, last: Peer) -> Completeness:
    default = Completeness(
        expected_samples=0,
        arrived_samples=0,
        share=None,
        gaps=[],
        unreadable_samples=0,
        dropped_entries=0,
        end_is_inferred=last.left_said_at is None,
        end_reason=last.left_reason,
    )
    if not found:
        return default
    gaps = [
        {
            "peer_id": gap.get("peer_id"),
            "start_at": time_in(gap, "start"),
            "end_at": time_in(gap, "end"),
        }
        for gap in list_in(found, "gaps")
        if isinstance(gap, dict)
    ]
    return as_struct({**found, "gaps": gaps}, Completeness, default)


def _all_of(found: list[Any], type_: type[Any]) -> list[Any]:
    """Those of the objects that fit, their times as numbers."""
    read = [as_struct(_with_numbers(each), type_, None) for each in found[:_MOST_FINDINGS]]
    return [each for each in read if each is not None]


def _with_numbers(value: Any) -> Any:
    """The value with `first_at`, `last_at` and `at` as epoch milliseconds; spans as pairs."""
    if isinstance(value, list):
        return [_with_numbers(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"first_at", "last_at"}:
        return [_instant(value["first_at"]), _instant(value["last_at"])]
    return {
        name: _instant(each) if name in ("first_at", "last_at", "at") else _with_numbers(each)
        for name, each in value.items()
        if each is not None
    }


def _instant(value: Any) -> Any:
    try:
        return parse_time(value, field="at") if isinstance(value, str) else value
    except Malformed:
        return None


def read_metadata(found: Json) -> Metadata:
    """`peer_report.metadata`; what is not there is not known."""
    device, browser = object_in(found, "device_info"), object_in(found, "browser_metadata")
    network, native = object_in(found, "ip_information"), object_in(found, "native_metadata")
    precalls = [each for each in list_in(found, "pc_metadata") if isinstance(each, dict)]
    pairs = object_in(found, "candidate_pairs")
    return Metadata(
        device=as_struct({**device, "memory_gb": device.get("memory")}, Machine, Machine()),
        browser=as_struct(
            {
                **browser,
                "name": browser.get("browser"),
                "version": browser.get("browser_version"),
                "webgl": browser.get("webgl_support"),
            },
            Browser,
            Browser(name=text_in(browser, "browser"), version=text_in(browser, "browser_version")),
        ),
        sdk=Sdk(
            name=text_in(found, "sdk_name"),
            version=text_in(found, "sdk_version"),
            type=text_in(found, "sdk_type"),
        ),
        encoder=Encoder(
            audio=text_in(native, "audio_encoder"), video=text_in(native, "video_encoder")
        ),
        network=_network(network, precalls),
        room_view_type=text_in(found, "room_view_type"),
        precalls=[test for each in precalls if (test := _precall(each)) is not None],
        audio_devices=_changes(found, "audio_devices_updates"),
        video_devices=_changes(found, "video_devices_updates"),
        speaker_devices=_changes(found, "speaker_devices_updates"),
        chosen_devices=_choices(found),
        happenings=_happenings(found),
        candidate_pairs=CandidatePairs(
            producing=_pairs(pairs, "producing_transport"),
            consuming=_pairs(pairs, "consuming_transport"),
        ),
    )


def _network(found: Json, precalls: list[Json]) -> Network:
    asn = as_struct(object_in(found, "asn"), Asn, Asn())
    known: Mapping[str, Any] = {
        name: text_in(found, name) for name in ("city", "region", "country", "timezone", "org")
    }
    address = text_in(found, "ip") or text_in(found, "ipv4")
    types = [text_in(each, "effective_network_type") for each in precalls]
    return Network(
        effective_type=next((each for each in types if each), None), ip=address, asn=asn, **known
    )


def _precall(found: Json) -> PrecallTest | None:
    at = time_in(found, "timestamp")
    if at is None:
        return None
    members = {
        "effective_type": found.get("effective_network_type"),
        "reflexive": found.get("reflexive_connectivity"),
        "relay": found.get("relay_connectivity"),
        "turn": found.get("turn_connectivity"),
        "sdp": found.get("sdp"),
    }
    return as_struct({"at": at, **members}, PrecallTest, PrecallTest(at=at))


def _changes(found: Json, name: str) -> list[DeviceListChange]:
    return [
        DeviceListChange(at=at, added=_devices(each, "added"), removed=_devices(each, "removed"))
        for each, at in _timed(found, name)
    ]


def _choices(found: Json) -> list[DeviceSelection]:
    choices = []
    for each, at in _timed(found, "selected_device_updates"):
        device = as_struct(object_in(each, "device"), Device, Device())
        kind = {"audioinput": "microphone", "audiooutput": "speaker"}.get(device.kind or "")
        choices.append(
            DeviceSelection(at=at, name=f"selected_{kind or 'camera'}_update", device=device)
        )
    return choices


def _devices(found: Json, name: str) -> list[Device]:
    return [as_struct(each, Device, Device()) for each in list_in(found, name)]


def _happenings(found: Json) -> list[ClientEvent]:
    return [
        ClientEvent(
            at=at,
            name=text_in(each, "name") or "",
            data={
                name: value
                for name, value in object_in(each, "metadata").items()
                if isinstance(value, _SCALAR)
            },
        )
        for each, at in _timed(found, "events")
    ]


def _timed(found: Json, name: str) -> list[tuple[Json, EpochMs]]:
    return [
        (each, at)
        for each in list_in(found, name)
        if isinstance(each, dict) and (at := time_in(each, "timestamp")) is not None
    ]


def _pairs(found: Json, name: str) -> list[CandidatePair]:
    pairs = []
    for each in list_in(found, name):
        if isinstance(each, dict):
            known = {**each, "is_selected": each.get("selected", True)}
            if each.get("local_candidate_type") == "relay":
                known["local_candidate_relay_protocol"] = each.get("local_candidate_protocol")
            members = {key: value for key, value in known.items() if value is not None}
            pairs.append(as_struct(members, CandidatePair, CandidatePair()))
    return pairs


class OpinionRow(msgspec.Struct):
    """What of a row makes a moment of the call."""

    timestamp: str = ""
    mos: float | None = None
