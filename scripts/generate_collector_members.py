"""Writes `collector/src/members.ts` from the list of statistics the server keeps.

`--check` writes nothing and fails when the file is not what it would write.
"""

import sys
from itertools import chain
from pathlib import Path

from aftercall.core.quality.getstats import STATS_MEMBERS

TARGET = Path(__file__).resolve().parent.parent / "collector" / "src" / "members.ts"

HEAD = """\
// Written by scripts/generate_collector_members.py; do not edit.

"""


def members_module() -> str:
    """The text of the module.

    The members of all types in one list: a name means the same wherever it occurs, and the
    collector has to be small. The server drops what a type does not have on its list.
    """
    # `id` and `type` are always sent.
    names = ["timestamp", *chain.from_iterable(STATS_MEMBERS.values())]
    distinct = [name for name in dict.fromkeys(names) if name not in ("id", "type")]
    return (
        HEAD
        + "/** The webrtc-stats types that the record keeps. */\n"
        + f'export const TYPES =\n  "{" ".join(STATS_MEMBERS)}";\n\n'
        + "/** The members that it keeps, of any type. */\n"
        + f'export const MEMBERS =\n  "{" ".join(distinct)}";\n'
    )


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
