"""A plugin of pytest for the SDK's own tests of webhooks.

Before each of them the app has one webhook, which has the id that they name: they delete it again
and again.
"""

import os
import sqlite3
from contextlib import closing

import pytest

APPS = ("14a396e7-ca44-4937-bf1f-050a69118543", "app_id")
WEBHOOKS = ("182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e", "webhook_id")
COLUMNS = "app_id, id, name, url, events, meeting_ids, is_enabled, sealed_secret"
MORE = "created_at, updated_at, failures"


@pytest.fixture(autouse=True)
def known_webhook() -> None:
    with closing(sqlite3.connect(os.environ["AFTERCALL_DATABASE"], timeout=30)) as db, db:
        for app in APPS:
            db.execute("DELETE FROM webhooks WHERE app_id = ?", (app,))
            for id in WEBHOOKS:
                row = (app, id, "known", "https://crm.example.com", '["session_ended"]', "[]", 1)
                marks = ", ".join("?" * (len(row) + 4))
                db.execute(
                    f"INSERT INTO webhooks ({COLUMNS}, {MORE}) VALUES ({marks})",
                    (*row, "", 0, 0, 0),
                )
