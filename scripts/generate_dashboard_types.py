"""Writes `dashboard/src/api/types.ts` and `constants.ts` from what the server answers and knows.

`--check` writes nothing and fails when a file is not what it would write.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect
from typescript import Schema, members_text, type_text, write_or_check

from aftercall.core.overview.call_facets import DIMENSIONS
from aftercall.core.quality.experience import levels
from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.rules.stream_rules import RULES
from aftercall.core.quality.stats.report_linker import AUDIO, SCREENSHARES, Family
from aftercall.core.records import ViewType
from aftercall.web.dashboard.queries import CALL_PARAMETERS, FORMAT
from aftercall.wire.dashboard.account import (
    JobLists,
    MadeToken,
    Me,
    MyApps,
    SampleDayAnswer,
    ServerSettings,
    Tokens,
)
from aftercall.wire.dashboard.alerts import AlertPage, ChannelList, ChannelTest, RuleList
from aftercall.wire.dashboard.attendance import MeetingAttendance, SessionAttendance
from aftercall.wire.dashboard.chat_transcript import ChatPage, TranscriptPage
from aftercall.wire.dashboard.imports import DumpImports
from aftercall.wire.dashboard.live_updates import Hello, LiveSession
from aftercall.wire.dashboard.overview import Breakdowns, Overview
from aftercall.wire.dashboard.participant_page import ParticipantPage
from aftercall.wire.dashboard.people import PeoplePage, PersonPage
from aftercall.wire.dashboard.privacy import AuditPage, Mentions, PersonExport, Receipts
from aftercall.wire.dashboard.read_links import MadeReadLink, OpenedReadLink, ReadLinkPage
from aftercall.wire.dashboard.retention import Retention, RetentionPreview
from aftercall.wire.dashboard.session_list import SessionListPage, Whereabouts
from aftercall.wire.dashboard.session_page import SessionPage
from aftercall.wire.dashboard.source_keys import SourceKeyList
from aftercall.wire.dashboard.transcript_uploads import TranscriptUpload
from aftercall.wire.dashboard.usage import MonthAttendance, PersonAttendance, Usage
from aftercall.wire.dashboard.webhooks import DeliveryPage, WebhookSecret, WebhookStatusList
from aftercall.wire.preset_parts import USUAL_PERMISSIONS, USUAL_UI, usual_config
from aftercall.wire.presets import ListedPreset, PresetAnswer

LEVEL = "0 | 1 | 2 | 3 | 4"

API = Path(__file__).resolve().parent.parent / "dashboard" / "src" / "api"
SCRIPT = "generate_dashboard_types.py"
HEAD = f"// Written by scripts/{SCRIPT}; do not edit.\n\n"
ANSWERS: Sequence[Any] = (
    Me,
    MyApps,
    Tokens,
    MadeToken,
    JobLists,
    ServerSettings,
    SampleDayAnswer,
    Retention,
    RetentionPreview,
    Whereabouts,
    SessionListPage,
    SessionPage,
    ChatPage,
    TranscriptPage,
    ParticipantPage,
    PeoplePage,
    PersonPage,
    SessionAttendance,
    MeetingAttendance,
    MonthAttendance,
    PersonAttendance,
    Usage,
    Overview,
    Breakdowns,
    Receipts,
    Mentions,
    PersonExport,
    AuditPage,
    ReadLinkPage,
    MadeReadLink,
    OpenedReadLink,
    SourceKeyList,
    WebhookStatusList,
    WebhookSecret,
    DeliveryPage,
    RuleList,
    ChannelList,
    ChannelTest,
    AlertPage,
    DumpImports,
    TranscriptUpload,
    ListedPreset,
    PresetAnswer,
    Hello,
    LiveSession,
)
"""The `data` of the dashboard's answers, and the data of its server-sent events."""


def types_module() -> str:
    """One type for each struct and each enumeration of the answers, by its name on the server."""
    _, definitions = msgspec.json.schema_components(ANSWERS, ref_template="#/$defs/{name}")
    structs = {kind.cls.__name__: kind for kind in _structs(inspect.multi_type_info(ANSWERS))}
    written = [
        f"/** 4 good, 3 fair, 2 poor, 1 bad, 0 not judged. */\nexport type Level = {LEVEL};\n",
        *(_definition(name, schema, structs) for name, schema in definitions.items()),
    ]
    return HEAD + "\n".join(written)


def _definition(name: str, schema: Schema, structs: dict[str, inspect.StructType]) -> str:
    text = type_text(schema, str)
    if name in structs:
        text = members_text(*_members(schema, structs[name]), str)
    text = text.replace(f"({LEVEL})", "Level").replace(LEVEL, "Level")
    about = " ".join(schema.get("description", "").split())
    head = f"/** {about} */\n" if about else ""
    return f"{head}export type {name} = {text};\n"


def _members(schema: Schema, struct: inspect.StructType) -> tuple[Schema, list[str]]:
    """The members and those that are always there: all, unless defaults are left out. A member
    that is left out where it is not known is never null."""
    properties: Schema = schema.get("properties", {})
    if not struct.cls.__struct_config__.omit_defaults:
        return properties, list(properties)
    required = [field.encode_name for field in struct.fields if field.required]
    return {
        name: member if name in required else _without_null(member)
        for name, member in properties.items()
    }, required


def _without_null(member: Schema) -> Schema:
    parts = [part for part in member.get("anyOf", []) if part != {"type": "null"}]
    if "enum" in member:
        return {"enum": [value for value in member["enum"] if value is not None]}
    return parts[0] if len(parts) == 1 else member


def _structs(types: Any) -> Iterator[inspect.StructType]:
    """Every struct that the types are made of, each once."""
    seen: set[type] = set()
    waiting = list(types)
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, inspect.StructType):
            if kind.cls in seen:
                continue
            seen.add(kind.cls)
            yield kind
            waiting += [field.type for field in kind.fields]
        elif isinstance(kind, inspect.UnionType):
            waiting += kind.types
        elif isinstance(kind, inspect.TupleType):
            waiting += kind.item_types
        elif isinstance(kind, inspect.DictType):
            waiting.append(kind.value_type)
        elif isinstance(kind, inspect.CollectionType):
            waiting.append(kind.item_type)
        elif isinstance(kind, inspect.Metadata):
            waiting.append(kind.type)


def constants_module() -> str:
    """Words and bounds that the pages share with the server."""
    words = [word.capitalize() for word in levels.WORDS]
    parameters = [each.name for each in CALL_PARAMETERS if each.name != FORMAT.name]
    parts = [
        _strings("LEVEL_WORDS", "What the levels 0 to 4 are called.", words),
        _strings("ISSUE_NAMES", "The catalogue of issues.", [name.value for name in IssueName]),
        "export type IssueName = (typeof ISSUE_NAMES)[number];\n",
        _strings("DIMENSIONS", "What the overview breaks numbers down by.", DIMENSIONS),
        "export type Dimension = (typeof DIMENSIONS)[number];\n",
        _limits(),
        _strings("SESSION_LIST_PARAMETERS", "What the list of sessions can be asked.", parameters),
    ]
    return HEAD + "\n".join(parts)


_RULES_OF_LIMITS = (
    (IssueName.POOR_NETWORK_UPLINK, "poor"),
    (IssueName.SEVERE_NETWORK_UPLINK, "bad"),
    (IssueName.HIGH_JITTER_BUFFER_DELAY, "poor"),
    (IssueName.AUDIO_CONCEALMENT, "poor"),
    (IssueName.VIDEO_FROZEN, "poor"),
    (IssueName.LOW_FRAME_RATE, "poor"),
)
"""The issues whose thresholds are drawn, and what a value beyond them is called."""

_COLUMNS = {"frozen_percent": "freeze_percent"}
"""Measures that the charts call otherwise."""


def _limits() -> str:
    """The limits that the charts draw, by measure and by what the stream carries."""
    found: dict[str, dict[str, list[tuple[str, float]]]] = {}
    for medium, least in (("audio", levels.AUDIO_LEVELS), ("video", levels.VIDEO_LEVELS)):
        words = (levels.WORDS[level] for level in (levels.GOOD, levels.FAIR, levels.POOR))
        found.setdefault("mos", {})[medium] = list(zip(words, least, strict=True))
    for name, word in _RULES_OF_LIMITS:
        for rule in RULES:
            if rule.hysteresis.name is not name:
                continue
            for measure in rule.measures:
                by_medium = found.setdefault(_COLUMNS.get(measure.label, measure.label), {})
                for medium in sorted({_medium(family) for family in rule.families}):
                    limit = (word, measure.bad * measure.scale)
                    if limit not in by_medium.setdefault(medium, []):
                        by_medium[medium].append(limit)
    found.pop("mean_freeze_ms", None)
    lines = ["/** What a value is called from which limit on, by measure and medium. */"]
    lines.append("export const LIMITS: Record<string, Record<string, [string, number][]>> = {")
    for measure, by_medium in found.items():
        lines.append(f"  {measure}: {{")
        for medium, limits in sorted(by_medium.items()):
            cells = ", ".join(f'["{word}", {value:g}]' for word, value in limits)
            lines.append(f"    {medium}: [{cells}],")
        lines.append("  },")
    return "\n".join([*lines, "};\n"])


def _medium(family: Family) -> str:
    if family in AUDIO:
        return "audio"
    return "screen" if family in SCREENSHARES else "video"


def _strings(name: str, about: str, values: Sequence[str]) -> str:
    lines = "".join(f'  "{value}",\n' for value in values)
    return f"/** {about} */\nexport const {name} = [\n{lines}] as const;\n"


def preset_module() -> str:
    """The preset that a new one begins as."""
    parts = {
        "name": "",
        "config": usual_config(ViewType.GROUP_CALL),
        "permissions": USUAL_PERMISSIONS,
        "ui": USUAL_UI,
    }
    text = msgspec.json.format(msgspec.json.encode(parts), indent=2).decode()
    about = "/** The parts of a preset of which only the name is known. */\n"
    return f"{HEAD}{about}export const USUAL_PRESET = {text};\n"


def main() -> int:
    return max(
        write_or_check(API / "types.ts", types_module(), SCRIPT),
        write_or_check(API / "constants.ts", constants_module(), SCRIPT),
        write_or_check(API / "usual_preset.ts", preset_module(), SCRIPT),
    )


if __name__ == "__main__":
    sys.exit(main())
