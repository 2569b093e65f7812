"""The simulated calls of `aftercall serve --demo`: a day's worth at once, then live ones."""

import os
import sys

from click.exceptions import Abort

from aftercall.cli.main import app


def run() -> None:
    """Play to the server named by the arguments: URL, account id, app id; until interrupted."""
    url, account_id, app_id = sys.argv[1:]
    seed = int.from_bytes(os.urandom(4), "big")
    common = ["simulate", "--url", url, "--account", account_id, "--app", app_id]
    past = ["--meetings", "12", "--participants", "4", "--minutes", "20", "--over-hours", "24"]
    live = ["--meetings", "3", "--participants", "4", "--minutes", "10", "--realtime", "--forever"]
    try:
        app([*common, *past, "--seed", str(seed), "--quiet"], standalone_mode=False)
        app([*common, *live, "--seed", str(seed + 1)], standalone_mode=False)
    except (Abort, KeyboardInterrupt):
        sys.exit(130)
