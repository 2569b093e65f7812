"""Write `collector/src/members.ts` from the list of statistics that the server stores.

`--check` writes nothing and fails when the file is out of date.
"""

import sys
from itertools import chain
from pathlib import Path

from aftercall.core.quality.stats.getstats import STATS_MEMBERS

TARGET = Path(__file__).resolve().parent.parent / "collector" / "src" / "members.ts"

HEAD = """\
// Written by scripts/generate_collector_members.py; do not edit.

"""

OLDER = {"mediaType", "isRemote"}
"""Members of browsers older than the collector runs in: of those it does run in, each sends `kind`
and the `remote-` types."""


def members_module() -> str:
    """The text of the module.

    All names in one list, as no member is called like a type and a member means the same in
    every type, and those with the same ending together: the collector has to be small. The server
    drops what a type does not have on its list.
    """
    members = {"timestamp", *chain.from_iterable(STATS_MEMBERS.values())}
    # `id` and `type` are always sent.
    names = (members - {"id", "type"} - OLDER) | STATS_MEMBERS.keys()
    ordered = sorted(names, key=lambda name: name[::-1])
    return (
        HEAD
        + "/** The webrtc-stats types and members that the record keeps. */\n"
        + f'export const KEPT =\n  "{" ".join(ordered)}";\n'
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
