"""Ends sessions and reads the final reports of their participants."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.server import Server


def close_session(server: Server, session_id: str) -> None:
    """Ends a session now, as an app's backend may, and waits until its final reports are
    stored."""
    at = datetime.now(UTC).isoformat()
    http_client.post(
        f"{server.url}/v1/apps/{server.app_id}/events",
        headers=server.headers,
        json={"events": [{"type": "session_closed", "at": at, "session_id": session_id}]},
    ).raise_for_status()
    give_up_at = time.monotonic() + TIMEOUT_S
    while not _is_kept(server, session_id):
        if time.monotonic() > give_up_at:
            raise AssertionError("the session's reports were not folded")
        time.sleep(0.3)


def _is_kept(server: Server, session_id: str) -> bool:
    """Whether the session's reports are complete; provisional ones have the fold version 0."""
    with closing(sqlite3.connect(server.data_dir / "aftercall.db")) as connection:
        query = "SELECT min(fold_version) FROM reports WHERE session_id = ?"
        (version,) = connection.execute(query, (session_id,)).fetchone()
    return bool(version)


def report_of(server: Server, peer_id: str) -> dict[str, Any]:
    """The report on a participant: `diagnosis`, `issues`, `completeness` and the figures."""
    answer = http_client.get(server.kit(f"sessions/peer-report/{peer_id}"), headers=server.headers)
    answer.raise_for_status()
    report: dict[str, Any] = answer.json()["data"]["participant"]["peer_report"]
    return report


def blamed(report: dict[str, Any]) -> list[str]:
    """The causes that the report attributes to the participant, the worst first."""
    return [f["cause"] for f in report["diagnosis"] if f["severity"] != "information"]


def sentences(report: dict[str, Any]) -> list[str]:
    """The sentences of the diagnosis, the worst first."""
    return [finding["sentence"] for finding in report["diagnosis"]]
