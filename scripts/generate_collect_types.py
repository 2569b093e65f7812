"""Writes `collector/src/entries.ts`, the collect protocol's types, from what the server decodes.

`--check` writes nothing and fails when the file is not what it would write.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generate_collect_schema import collect_schema

from aftercall.ingest import collect_batch

TARGET = Path(__file__).resolve().parent.parent / "collector" / "src" / "entries.ts"

HEAD = """\
// Written by scripts/generate_collect_types.py; do not edit.

// A member that is null counts as absent.

"""
STATS = ("Stats", "QualityLimitationDurations")
"""Left out: the collector copies these by the list of names in members.ts."""

Schema = dict[str, Any]

DEFINITIONS: Schema = collect_schema()["$defs"]
KINDS: list[str] = [
    reference["$ref"].rpartition("/")[2]
    for reference in DEFINITIONS["Envelope"]["properties"]["entries"]["items"]["anyOf"]
]
"""The definitions that are entries."""


def types_module() -> str:
    """The text of the module: one type for each definition, and one for any entry."""
    written = [
        f"export type {_name(name)} = {_type(definition)};\n"
        for name, definition in DEFINITIONS.items()
        if name not in STATS
    ]
    any_entry = "\n  | ".join(["", *(_name(kind) for kind in KINDS)])
    version = f"export const PROTOCOL_VERSION = {collect_batch.VERSION};\n"
    return HEAD + "\n".join([version, *written, f"export type Entry ={any_entry};\n"])


def _name(reference: str) -> str:
    """The protocol's own get a name apart: some are names of the browser's types."""
    name = reference.rpartition("/")[2]
    if name == "Envelope":
        return "Batch"
    return f"{name}Entry" if name in KINDS else name


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": str(reference)}:
            name = _name(reference)
            return "Record<string, unknown>" if name in STATS else name
        case {"enum": values}:
            return " | ".join(f'"{value}"' for value in values)
        case {"anyOf": parts} if "discriminator" in schema:
            return "Entry" if parts else "never"
        case {"anyOf": parts}:
            return " | ".join(_type(part) for part in parts)
        case {"allOf": parts}:
            return " & ".join(_type(part) for part in parts)
        case {"type": "array", "items": items}:
            return f"{_type(items)}[]"
        case {"type": "object", "properties": properties}:
            return "{\n" + "".join(_members(properties, set(schema["required"]))) + "}"
        case {"type": "object"}:
            return "Record<string, unknown>"
        case {"type": "integer" | "number"}:
            return "number"
        case {"type": "string" | "boolean" | "null" as plain}:
            return str(plain)
    raise ValueError(f"No type is known for {schema}.")


def _members(properties: Schema, required: set[str]) -> Iterator[str]:
    for name, schema in properties.items():
        said = _type(schema)
        yield f"  {name}: {said};\n" if name in required else f"  {name}?: {said} | undefined;\n"


def main() -> int:
    text = types_module()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET.name} is stale: run scripts/generate_collect_types.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
