"""The endpoints that receive the fixed input, and the times of its parts."""

import json
from collections.abc import Iterable
from typing import Any, Final

import httpx
from server import ACCOUNT, Release

FIRST_MS: Final = 1_795_222_800_000
"""2026-11-21T01:00:00Z, just before the recordings of Janus and of RealtimeKit's client."""
_HOUR_MS: Final = 3_600_000
CASES_MS: Final = FIRST_MS + 9 * _HOUR_MS
TOKENS_MS: Final = CASES_MS - 600_000
"""Calls of participants begin after this time, when their tokens are issued."""
CASES_END_MS: Final = CASES_MS + 600_000
SIMULATED_MS: Final = FIRST_MS + 11 * _HOUR_MS
CLOSED_MS: Final = FIRST_MS + 12 * _HOUR_MS
"""When the host closes every live session."""
FOLDED_MS: Final = CLOSED_MS + 120_000
"""When the delayed jobs of a session's end are due."""
LIVE_MS: Final = FIRST_MS + 13 * _HOUR_MS
READ_MS: Final = LIVE_MS + 5_000
"""When the answers are requested: one call is live."""

_COLLECT_BATCH: Final = 100


class Intake:
    """The intake endpoints of one app, and their answers."""

    def __init__(self, release: Release, http: httpx.Client, app: str, token: str) -> None:
        self.answers: list[Any] = []
        self.guests: dict[str, Any] = {}
        """Create a meeting with a participant for each case."""
        self.http = http
        self.release = release
        self._app = app
        self._token = token

    def at(self, moment_ms: int) -> None:
        """Hold the clock there, once the server has done what it was given before, and until it
        has noticed: it looks every second."""
        self.release.wait_until_idle()
        self.release.set_clock(moment_ms)
        self.release.wait_until_idle()

    def post(self, path: str, body: Any, *, token: str | None = None) -> Any:
        answer = self.http.post(
            path,
            content=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={
                "authorization": f"Bearer {token or self._token}",
                "content-type": "application/json",
            },
        )
        self.answers.append([path, answer.status_code, answer.json()])
        return answer.json().get("data")

    def events(self, events: Iterable[dict[str, Any]], **place: str) -> None:
        dated = [{**place, **event} for event in events]
        self.post(f"/v1/apps/{self._app}/events", {"events": dated})

    def janus(self, events: Any) -> None:
        self.post(f"/v1/apps/{self._app}/sources/janus?stats_period=5", events)

    def kit(self, rest: str, body: Any) -> Any:
        return self.post(f"/client/v4/accounts/{ACCOUNT}/realtime/kit/{self._app}/{rest}", body)

    def sessions(self, query: str) -> list[Any]:
        path = (
            f"/client/v4/accounts/{ACCOUNT}/realtime/kit/{self._app}/sessions?per_page=200&{query}"
        )
        answer = self.http.get(path, headers={"authorization": f"Bearer {self._token}"})
        found: list[Any] = answer.raise_for_status().json()["data"]["sessions"]
        return found

    def member(self, meeting_id: str, name: str) -> Any:
        return self.kit(
            f"meetings/{meeting_id}/participants",
            {
                "name": name,
                "preset_name": "group_call_participant",
                "custom_participant_id": f"custom-{name}",
            },
        )

    def invite(self, names: Iterable[str]) -> None:
        """Create a meeting and a participant for each name."""
        for name in names:
            meeting_id = self.kit("meetings", {"title": name})["id"]
            self.guests[name] = {**self.member(meeting_id, name), "meeting_id": meeting_id}

    def collect(self, token: str, peer_id: str, sent_at: int, entries: list[Any]) -> None:
        """The entries, numbered, in batches."""
        numbered = [{"seq": seq, **entry} for seq, entry in enumerate(entries)]
        for start in range(0, len(numbered), _COLLECT_BATCH):
            batch = numbered[start : start + _COLLECT_BATCH]
            body = {"v": 1, "peer_id": peer_id, "sent_at": sent_at, "entries": batch}
            self.post("/v1/collect", body, token=token)
