"""Writes `collector/src/members.ts` from the list of statistics the server keeps.

`--check` writes nothing and fails when the file is not what it would write.
"""

import sys
from pathlib import Path

from aftercall.core.quality.getstats import STATS_MEMBERS

TARGET = Path(__file__).resolve().parent.parent / "collector" / "src" / "members.ts"

HEAD = """\
// Written by scripts/generate_collector_members.py; do not edit.

/** The webrtc-stats types and members that the record keeps. */
export const MEMBERS: Readonly<Record<string, string>> = {
"""


def members_module() -> str:
    """The text of the module."""
    lines = []
    for kind, names in STATS_MEMBERS.items():
        # `id` and `type` are always sent.
        rest = [name for name in names if name not in ("id", "type")]
        lines.append(f'  "{kind}":\n    "timestamp {" ".join(rest)}",\n')
    return HEAD + "".join(lines) + "};\n"


def main() -> int:
    text = members_module()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET.name} is stale: run scripts/generate_collector_members.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
