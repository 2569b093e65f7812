"""A plugin of pytest for the SDK's own tests of presets.

Before each of them the app has one preset, which has the id that they name: they create the same
preset and delete this one again and again.
"""

import os
import sqlite3
from contextlib import closing

import pytest

APPS = ("14a396e7-ca44-4937-bf1f-050a69118543", "app_id")
PRESET = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"


@pytest.fixture(autouse=True)
def known_preset() -> None:
    with closing(sqlite3.connect(os.environ["AFTERCALL_DATABASE"], timeout=30)) as db, db:
        for app in APPS:
            db.execute("DELETE FROM presets WHERE app_id = ?", (app,))
            row = (app, PRESET, "known", "GROUP_CALL", "{}", "{}", "{}", 0, 0)
            db.execute("INSERT INTO presets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
