"""What a server answers about its ended sessions, to compare it with what another one answers."""

import time
from typing import Any

from tests.acceptance import http_client
from tests.acceptance.server import Server

_LINKS = ("download_url", "DownloadUrl")
_EXPIRIES = ("download_url_expiry", "DownloadUrlExpiry")


def wait_until_idle(server: Server) -> None:
    """Waits until no job is left: reports are folded by jobs."""
    give_up_at = time.monotonic() + http_client.TIMEOUT_S
    jobs: dict[str, Any] = {}
    while time.monotonic() < give_up_at:
        answer = http_client.get(f"{server.url}/v1/jobs", headers=server.headers)
        jobs = answer.raise_for_status().json()["data"]
        if jobs == {"waiting": [], "dead": []}:
            return
        time.sleep(0.2)
    raise AssertionError(f"jobs are left: {jobs}")


def get(server: Server, path: str) -> dict[str, Any]:
    """An answer's JSON, also that of a refusal."""
    answer: dict[str, Any] = http_client.get(server.kit(path), headers=server.headers).json()
    return answer


def paths_of(server: Server) -> list[str]:
    """All reads of RealtimeKit's Sessions API on ended sessions."""
    listed = get(server, "sessions?status=ENDED")
    paths: list[str] = []
    for session in listed["data"]["sessions"]:
        under = f"sessions/{session['id']}"
        paths += [f"sessions?search={session['id']}", under]
        paths += [f"{under}/participants?include_peer_events=true"]
        for person in get(server, f"{under}/participants")["data"]["participants"]:
            paths.append(f"{under}/participants/{person['id']}?include_peer_events=true")
            paths.append(f"sessions/peer-report/{person['id']}")
        paths += [f"{under}/{name}" for name in ("chat", "transcript", "summary")]
    assert len(paths) > 20
    return paths


def answers_of(server: Server, paths: list[str]) -> dict[str, Any]:
    return {path: with_files(get(server, path)) for path in paths}


def with_files(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the files that its links lead to in the place of the links, which are signed
    for a time. `result` repeats `data`."""
    data = {
        name: http_client.get(value).text if name.endswith(_LINKS) and value else value
        for name, value in (answer.get("data") or {}).items()
        if not name.endswith(_EXPIRIES)
    }
    return {**answer, "data": data, "result": None}
