"""Members of LiveKit's objects, as protobuf writes them to JSON.

Names come in camelCase, or in snake_case; enums by name, or by number; 64-bit numbers as text; what
has its zero value is left out.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aftercall.core.instants import EpochMs
from aftercall.ingest.checks import moment_of

Json = Mapping[str, Any]

_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")

KINDS: Final = {
    0: "STANDARD", 1: "INGRESS", 2: "EGRESS", 3: "SIP", 4: "AGENT", 7: "CONNECTOR", 8: "BRIDGE",
}  # fmt: skip
HIDDEN_KINDS: Final = frozenset({"INGRESS", "EGRESS", "AGENT"})
"""Kinds of participants that are programs: they count for nothing."""

DISCONNECT_REASONS: Final = dict(
    enumerate(
        (
            "UNKNOWN_REASON", "CLIENT_INITIATED", "DUPLICATE_IDENTITY", "SERVER_SHUTDOWN",
            "PARTICIPANT_REMOVED", "ROOM_DELETED", "STATE_MISMATCH", "JOIN_FAILURE", "MIGRATION",
            "SIGNAL_CLOSE", "ROOM_CLOSED", "USER_UNAVAILABLE", "USER_REJECTED",
            "SIP_TRUNK_FAILURE", "CONNECTION_TIMEOUT", "MEDIA_FAILURE", "AGENT_ERROR",
        )
    )
)  # fmt: skip
TRACK_TYPES: Final = {0: "AUDIO", 1: "VIDEO", 2: "DATA"}
TRACK_SOURCES: Final = {
    0: "UNKNOWN", 1: "CAMERA", 2: "MICROPHONE", 3: "SCREEN_SHARE", 4: "SCREEN_SHARE_AUDIO",
}  # fmt: skip
EGRESS_STATUSES: Final = dict(
    enumerate(
        (
            "EGRESS_STARTING", "EGRESS_ACTIVE", "EGRESS_ENDING", "EGRESS_COMPLETE",
            "EGRESS_FAILED", "EGRESS_ABORTED", "EGRESS_LIMIT_REACHED",
        )
    )
)  # fmt: skip
INGRESS_STATUSES: Final = dict(
    enumerate(
        (
            "ENDPOINT_INACTIVE", "ENDPOINT_BUFFERING", "ENDPOINT_PUBLISHING", "ENDPOINT_ERROR",
            "ENDPOINT_COMPLETE",
        )
    )
)  # fmt: skip
JOB_STATUSES: Final = dict(enumerate(("JS_PENDING", "JS_RUNNING", "JS_SUCCESS", "JS_FAILED")))
EGRESS_TYPES: Final = (
    "roomComposite", "web", "participant", "trackComposite", "track", "egress", "replay",
)  # fmt: skip


def member(of: Json, name: str) -> Any:
    """The member of a camelCase name, under that or its snake_case name."""
    value = of.get(name)
    return of.get(_snake(name)) if value is None else value


def enum_name(value: object, names: Mapping[int, str]) -> str:
    """The name of an enum's value; that of zero if it is left out."""
    if value is None:
        return names[0]
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return names.get(value, str(value))
    return value if isinstance(value, str) else names[0]


def moment(of: Json, *names: str) -> EpochMs | None:
    """The first of some members that is a moment a call can have, in whatever unit."""
    return next((at for name in names if (at := moment_of(member(of, name))) is not None), None)


def whole_number(of: Json, name: str) -> int | None:
    """A number that may be written as text, if it is not negative and no larger than a counter."""
    value = member(of, name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**63 else None


def objects(value: object) -> Sequence[Json]:
    """The objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
