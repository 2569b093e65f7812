"""A plugin of pytest for the SDK's own tests.

What they name is there before each of them. Most only read, so it is created again only after a
test that may have changed it. At the end the plugin prints how many tests of each module passed.
"""

import json
import logging
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from typing import Any
from uuid import uuid4

import httpx
import pytest

APP = os.environ["AFTERCALL_APP"]
TOKEN = "144c9defac04969c7bfad8efaa8ea194"
MEETINGS = (
    "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
    "97440c6a-140b-40a9-9499-b23fd7a3868a",
    "meeting_id",
)
ID = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
RECORDINGS = (ID, "recording_id")
LIVESTREAMS = ("livestream_id", "livestream-session-id")
MEMBER = "participant_id"
WEBHOOKS = (ID, "webhook_id")
WRITES = ("create", "delete", "edit", "kick", "replace", "update")

passed: Counter[str] = Counter()


def pytest_sessionstart() -> None:
    _join()
    _send(
        {**what, "meeting_id": meeting, "at": _now()}
        for meeting in MEETINGS
        for what in (
            *(
                {"type": "recording_changed", "recording_id": id, "status": "recording"}
                for id in (*RECORDINGS, f"recording-of-{meeting}")
            ),
            *(
                {"type": "livestream_changed", "livestream_id": id, "status": "live"}
                for id in (*LIVESTREAMS, f"livestream-of-{meeting}")
            ),
        )
    )
    for restore in RESTORES.values():
        restore()


def pytest_collection_finish() -> None:
    # Their configuration writes a line for each request and answer, which nobody reads here.
    logging.getLogger("cloudflare").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
def what_is_named(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    name = request.node.name
    if "path_params" not in name and any(word in name for word in WRITES):
        restore = RESTORES.get(request.path.name)
        if restore is not None:
            restore()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" and report.passed:
        passed[report.location[0].rpartition("/")[2]] += 1


def pytest_unconfigure() -> None:
    sys.stdout.write(f"PASSED {json.dumps(passed)}\n")


def _restore_member() -> None:
    row: dict[str, Any] = {
        "app_id": APP,
        "id": MEMBER,
        "name": "Known",
        "custom_participant_id": "known",
        "preset_name": "group_call_host",
        "token_generation": 0,
        "created_at": _now(),
        "updated_at": _now(),
    }
    _replace("members", [{**row, "meeting_id": meeting} for meeting in MEETINGS])


def _restore_preset() -> None:
    row: dict[str, Any] = {
        "app_id": APP,
        "id": ID,
        "name": "known",
        "view_type": "GROUP_CALL",
        "config": "{}",
        "permissions": "{}",
        "ui": "{}",
        "created_at": 0,
        "updated_at": 0,
    }
    _replace("presets", [row])


def _restore_webhooks() -> None:
    row: dict[str, Any] = {
        "app_id": APP,
        "name": "known",
        "url": "https://crm.example.com",
        "events": '["session_ended"]',
        "meeting_ids": "[]",
        "is_enabled": 1,
        "sealed_secret": "",
        "created_at": 0,
        "updated_at": 0,
        "failures": 0,
    }
    _replace("webhooks", [{**row, "id": id} for id in WEBHOOKS])


def _join() -> None:
    """Let a session go on in each meeting."""
    _send(
        {"type": "peer_joined", "peer_id": str(uuid4()), "meeting_id": meeting, "at": _now()}
        for meeting in MEETINGS
    )


RESTORES: dict[str, Callable[[], None]] = {
    "test_active_session.py": _join,
    "test_meetings.py": _restore_member,
    "test_presets.py": _restore_preset,
    "test_webhooks.py": _restore_webhooks,
}
"""What creates again, by the module, what its tests may have changed."""


def _send(events: Iterator[dict[str, Any]]) -> None:
    url = f"{os.environ['AFTERCALL_URL']}/v1/apps/{APP}/events"
    answer = _client().post(url, json={"events": list(events)})
    results = answer.raise_for_status().json()["data"]["results"]
    assert [each for each in results if each["status"] == "rejected"] == []


@cache
def _client() -> httpx.Client:
    # The server speaks plain HTTP: the certificates of the system are not needed.
    authorization = {"authorization": f"Bearer {TOKEN}"}
    return httpx.Client(headers=authorization, timeout=60, verify=False)


def _replace(table: str, rows: list[dict[str, Any]]) -> None:
    """Make these rows the only ones that the app has in a table."""
    with closing(sqlite3.connect(os.environ["AFTERCALL_DATABASE"], timeout=30)) as db, db:
        db.execute(f"DELETE FROM {table} WHERE app_id = ?", (APP,))
        names, marks = ", ".join(rows[0]), ", ".join("?" * len(rows[0]))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        db.executemany(statement, [list(row.values()) for row in rows])


def _now() -> int:
    return round(time.time() * 1000)
