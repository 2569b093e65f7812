"""What RealtimeKit answered about a participant, kept as text and served again as it was.

The rows of the streams, which are the long part, are taken out: the report holds them apart.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from aftercall.core.quality.stats.report_linker import Family
from aftercall.wire.peer_report.metadata import (
    DEVICE_INFO,
    EVENTS,
    IP_INFORMATION,
    PRECALL,
    QUALITY_STATS,
)
from aftercall.wire.realtimekit_import.json_members import read_raw

_ROWS_HERE: Final = msgspec.Raw(b"0")
_PARTS: Final[dict[str, tuple[str, ...]]] = {
    DEVICE_INFO: (
        "device_info",
        "browser_metadata",
        "native_metadata",
        "sdk_name",
        "sdk_type",
        "sdk_version",
        "room_view_type",
    ),
    IP_INFORMATION: ("ip_information",),
    PRECALL: ("precall_network_information", "pc_metadata", "candidate_pairs"),
    EVENTS: (
        "events",
        "audio_devices_updates",
        "video_devices_updates",
        "speaker_devices_updates",
        "selected_device_updates",
    ),
}
"""The members of `metadata` and `peer_stats` that each filter keeps."""


class ParticipantAnswers(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The members of the peer report's answer and of the participant's."""

    peer_report: dict[str, msgspec.Raw] | None = None
    quality: dict[str, msgspec.Raw] | None = None
    """`peer_report.quality`, with a mark in place of each family's rows."""
    peer_stats: dict[str, msgspec.Raw] | None = None
    details_peer_stats: dict[str, msgspec.Raw] | None = None
    quality_stats: dict[str, msgspec.Raw] = {}
    """Those of the peer report (`report`) and of the participant (`details`)."""

    def report_members(self, filters: frozenset[str], rows: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the peer report's answer; `rows` are put in their places."""
        members: dict[str, Any] = {}
        if self.peer_report is not None:
            members["peer_report"] = self._report(self.peer_report, filters, rows)
        if self.peer_stats is not None:
            members["peer_stats"] = _filtered(self.peer_stats, filters)
        if "report" in self.quality_stats and _wants_quality(filters):
            members["quality_stats"] = self.quality_stats["report"]
        return members

    def details_members(self, filters: frozenset[str]) -> dict[str, Any]:
        """The members of the participant's answer."""
        members: dict[str, Any] = {}
        if self.details_peer_stats is not None:
            members["peer_stats"] = _filtered(self.details_peer_stats, filters)
        if "details" in self.quality_stats and _wants_quality(filters):
            members["quality_stats"] = self.quality_stats["details"]
        return members

    def _report(
        self, report: dict[str, msgspec.Raw], filters: frozenset[str], rows: Mapping[str, Any]
    ) -> dict[str, Any]:
        encoded: dict[str, Any] = dict(report)
        if "metadata" in report:
            encoded["metadata"] = _filtered(read_raw(report["metadata"]), filters)
        if not _wants_quality(filters):
            return {name: encoded[name] for name in ("metadata", "is_final") if name in encoded}
        if self.quality is not None:
            encoded["quality"] = {
                name: rows.get(name, msgspec.Raw(b"[]")) if bytes(each) == b"0" else each
                for name, each in self.quality.items()
            }
        return encoded


def decode_answers(text: bytes) -> ParticipantAnswers:
    """Of what `encode_answers` made."""
    return msgspec.json.decode(text, type=ParticipantAnswers)


def take_answers(
    report: Mapping[str, msgspec.Raw], details: Mapping[str, msgspec.Raw]
) -> tuple[ParticipantAnswers, dict[str, msgspec.Raw]]:
    """The answers about a participant without the rows, and the rows of each family; `report` and
    `details` are the members of the participant in each answer. Raises `Malformed`."""
    answers = ParticipantAnswers(
        peer_stats=_members(report, "peer_stats"),
        details_peer_stats=_members(details, "peer_stats"),
        quality_stats={
            name: found["quality_stats"]
            for name, found in (("report", report), ("details", details))
            if "quality_stats" in found
        },
        peer_report=_members(report, "peer_report"),
    )
    rows: dict[str, msgspec.Raw] = {}
    if answers.peer_report is not None and (quality := _members(answers.peer_report, "quality")):
        for family in Family:
            if bytes(quality.get(family.value, _ROWS_HERE))[:1] == b"[":
                rows[family.value] = quality[family.value]
                quality[family.value] = _ROWS_HERE
        answers.quality = quality
        answers.peer_report["quality"] = _ROWS_HERE
    return answers, rows


def _members(found: Mapping[str, msgspec.Raw], name: str) -> dict[str, msgspec.Raw] | None:
    raw = found.get(name)
    return read_raw(raw) if raw is not None and bytes(raw)[:1] == b"{" else None


def _wants_quality(filters: frozenset[str]) -> bool:
    return not filters or QUALITY_STATS in filters


def _filtered(members: dict[str, msgspec.Raw], filters: frozenset[str]) -> dict[str, msgspec.Raw]:
    if not filters:
        return members
    kept = {name for part in filters for name in _PARTS.get(part, ())}
    return {name: each for name, each in members.items() if name in kept}
