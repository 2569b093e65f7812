"""TypeScript types from JSON Schema, for the scripts that write the browser code's types."""

import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
MOST_LITERALS = 10
"""Integers of so few values become a union of them."""


def type_text(schema: Schema, name_of: Callable[[str], str]) -> str:
    """The type of a schema. `name_of` gives the type of a definition by its reference."""

    def text(part: Schema) -> str:
        return type_text(part, name_of)

    match schema:
        case {"$ref": str(reference)}:
            return name_of(reference.rpartition("/")[2])
        case {"enum": values}:
            return " | ".join("null" if value is None else f'"{value}"' for value in values)
        case {"anyOf": parts}:
            return " | ".join(text(part) for part in parts)
        case {"allOf": parts}:
            return " & ".join(text(part) for part in parts)
        case {"type": "array", "prefixItems": parts}:
            return f"[{', '.join(text(part) for part in parts)}]"
        case {"type": "array", "items": items}:
            inner = text(items)
            is_union = " | " in inner and not inner.startswith("[")
            return f"({inner})[]" if is_union else f"{inner}[]"
        case {"type": "object", "properties": properties}:
            return members_text(properties, schema.get("required", ()), name_of)
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"Record<string, {text(values)}>"
        case {"type": "object"}:
            return "Record<string, unknown>"
        case {"type": "integer", "minimum": least, "maximum": most} if most - least < MOST_LITERALS:
            return " | ".join(str(value) for value in range(least, most + 1))
        case {"type": "integer" | "number"}:
            return "number"
        case {"type": "string" | "boolean" | "null" as plain}:
            return str(plain)
    raise ValueError(f"No type is known for {schema}.")


def members_text(
    properties: Schema, required: Collection[str], name_of: Callable[[str], str]
) -> str:
    """An object type, a member a line."""

    def lines() -> Iterator[str]:
        for name, schema in properties.items():
            inner = type_text(schema, name_of)
            is_required = name in required
            yield f"  {name}: {inner};\n" if is_required else f"  {name}?: {inner} | undefined;\n"

    return "{\n" + "".join(lines()) + "}"


def write_or_check(target: Path, text: str, script: str) -> int:
    """Writes the file; with `--check` on the command line writes nothing, and returns 1 when the
    file holds something else."""
    if "--check" not in sys.argv[1:]:
        target.write_text(text, encoding="utf-8")
        return 0
    if target.is_file() and target.read_text(encoding="utf-8") == text:
        return 0
    print(f"{target.name} is stale: run scripts/{script}")
    return 1
