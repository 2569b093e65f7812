"""Write `collector/src/entries.ts`, the collect protocol's types, from the server's types.

`--check` writes nothing and fails when the file is out of date.
"""

import sys
from pathlib import Path

from generate_collect_schema import collect_schema
from typescript import Schema, type_text, write_or_check

from aftercall.ingest import collect_batch

TARGET = Path(__file__).resolve().parent.parent / "collector" / "src" / "entries.ts"

HEAD = """\
// Written by scripts/generate_collect_types.py; do not edit.

// A member that is null counts as absent.

"""
STATS = ("Stats", "QualityLimitationDurations")
"""Left out: the collector copies these by the list of names in members.ts."""

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
    """The protocol's types get a suffix, because some have names of the browser's types."""
    name = reference.rpartition("/")[2]
    if name == "Envelope":
        return "Batch"
    return f"{name}Entry" if name in KINDS else name


def _type_name(name: str) -> str:
    return "Record<string, unknown>" if name in STATS else _name(name)


def _type(schema: Schema) -> str:
    # What an entry may be is a type of its own.
    if schema.get("properties", {}).get("entries", {}).get("items", {}).get("discriminator"):
        properties = dict(schema["properties"])
        properties["entries"] = {"type": "array", "items": {"$ref": "#/$defs/Entry"}}
        schema = {**schema, "properties": properties}
    return type_text(schema, _type_name)


def main() -> int:
    return write_or_check(TARGET, types_module(), "generate_collect_types.py")


if __name__ == "__main__":
    sys.exit(main())
