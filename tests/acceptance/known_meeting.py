"""A plugin of pytest for the SDK's own tests of meetings and of what goes on in them.

Before each test the meetings, the participant, the recording and the livestreams that they name are
there, and a session goes on in each of the meetings: some of the tests end it.
"""

import os
import sqlite3
import time
from contextlib import closing
from typing import Any
from uuid import uuid4

import httpx
import pytest

APPS = ("14a396e7-ca44-4937-bf1f-050a69118543", "app_id")
TOKEN = "144c9defac04969c7bfad8efaa8ea194"
MEETINGS = (
    "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
    "97440c6a-140b-40a9-9499-b23fd7a3868a",
    "meeting_id",
)
RECORDING = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
LIVESTREAMS = ("livestream_id", "livestream-session-id")
MEMBER = "participant_id"


@pytest.fixture(autouse=True)
def known_meeting() -> None:
    now = round(time.time() * 1000)
    with httpx.Client(headers={"authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
        for app in APPS:
            answer = client.post(
                f"{os.environ['AFTERCALL_URL']}/v1/apps/{app}/events",
                json={"events": [event for meeting in MEETINGS for event in _events(meeting, now)]},
            )
            results = answer.raise_for_status().json()["data"]["results"]
            assert [each for each in results if each["status"] == "rejected"] == []
    with closing(sqlite3.connect(os.environ["AFTERCALL_DATABASE"], timeout=30)) as db, db:
        for app in APPS:
            db.execute("DELETE FROM members WHERE app_id = ? AND id = ?", (app, MEMBER))
            for meeting in MEETINGS:
                row: dict[str, Any] = {
                    "app_id": app,
                    "meeting_id": meeting,
                    "id": MEMBER,
                    "name": "Known",
                    "custom_participant_id": "known",
                    "preset_name": "group_call_host",
                    "token_generation": 0,
                    "created_at": now,
                    "updated_at": now,
                }
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                statement = f"INSERT INTO members ({names}) VALUES ({marks})"
                db.execute(statement, list(row.values()))


def _events(meeting: str, now: int) -> list[dict[str, Any]]:
    """A join, and reports of what goes on from then on."""
    place = {"meeting_id": meeting, "at": now}
    recordings = [RECORDING, f"recording-of-{meeting}"]
    livestreams = [*LIVESTREAMS, f"livestream-of-{meeting}"]
    return [
        {"type": "peer_joined", "peer_id": str(uuid4()), **place},
        *(
            {"type": "recording_changed", "recording_id": id, "status": "recording", **place}
            for id in recordings
        ),
        *(
            {"type": "livestream_changed", "livestream_id": id, "status": "live", **place}
            for id in livestreams
        ),
    ]
