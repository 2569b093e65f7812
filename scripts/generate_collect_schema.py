"""Write `docs/reference/collect.schema.json` from the types that the server decodes.

`--check` writes nothing and fails when the file is out of date.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from aftercall.core.quality.stats.getstats import SampleBody
from aftercall.ingest import collect_batch

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "collect.schema.json"
PUBLIC = {"_Unread": "Envelope", "_SampleHead": "Sample"}
"""Structs of the server with another public name."""


def collect_schema() -> dict[str, Any]:
    """The JSON Schema of the body of `POST /v1/collect`."""
    types: list[Any] = [collect_batch._Unread, collect_batch._Readable, SampleBody]
    (envelope, entry, sample), definitions = msgspec.json.schema_components(
        types, ref_template="#/$defs/{name}"
    )
    definitions["_Unread"]["properties"]["entries"]["items"] = entry
    # The members of a sample's report are beside its `seq`, `at` and `type`.
    definitions["_SampleHead"] = {"allOf": [definitions["_SampleHead"], sample]}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"The collect protocol, version {collect_batch.VERSION}",
        **envelope,
        "$defs": definitions,
    }
    text = json.dumps(schema)
    for ours, public in PUBLIC.items():
        text = re.sub(rf'(?<=["/]){ours}(?=")', public, text)
    return dict(json.loads(text))


def main() -> int:
    text = json.dumps(collect_schema(), indent=2, ensure_ascii=False) + "\n"
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET.name} is stale: run scripts/generate_collect_schema.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
