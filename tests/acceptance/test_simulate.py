"""Simulated calls through a real server: the record agrees with the model."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.acceptance import http_client
from tests.acceptance.server import Server, command, simulate, wait_until_ended

pytestmark = pytest.mark.acceptance

KINDS = ("lossy_uplink", "good", "reconnecting", "silent_microphone", "congested_downlink")


@pytest.fixture(scope="module")
def server(simulation_server: Server) -> Server:
    return simulation_server


@pytest.fixture(scope="module")
def played(server: Server) -> dict[str, Any]:
    """A call of ten minutes whose five guests have five network conditions."""
    weather = [word for kind in KINDS for word in ("--weather", kind)]
    return simulate(
        server, "--participants", "5", "--minutes", "10", "--seed", "7", "--interval", "5", *weather
    )


@pytest.fixture(scope="module")
def session(played: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = played["sessions"][0]
    return made


def read(server: Server, path: str) -> dict[str, Any]:
    answer = http_client.get(server.kit(path), headers=server.headers)
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data


def report_of(server: Server, session: dict[str, Any], kind: str) -> dict[str, Any]:
    peer = next(peer for peer in session["peers"] if peer["weather"] == kind)
    reported = read(server, f"sessions/peer-report/{peer['peer_id']}")
    report: dict[str, Any] = reported["participant"]["peer_report"]
    return report


def issues_of(report: dict[str, Any]) -> set[str]:
    return {issue["name"] for issue in report["issues"]}


def test_a_simulated_call_ends_now_and_has_its_length(
    server: Server, played: dict[str, Any], session: dict[str, Any]
) -> None:
    assert played["rejected"] == []
    assert played["duplicates"] == 0
    details = read(server, f"sessions/{session['session_id']}")
    started = datetime.fromisoformat(details["started_at"])
    assert 590 < (datetime.now(UTC) - started).total_seconds() < 700
    assert details["max_concurrent_participants"] == 5


def test_a_reconnect_continues_its_row_and_a_rejoin_is_a_new_one(
    server: Server, session: dict[str, Any]
) -> None:
    peers = [peer for peer in session["peers"] if peer["weather"] == "reconnecting"]
    assert len(peers) == 3
    people = read(server, f"sessions/{session['session_id']}/participants?per_page=50")
    by_user: dict[str, list[str]] = {}
    for person in people["participants"]:
        by_user.setdefault(person["custom_participant_id"], []).append(person["id"])
    rows = sorted(len(rows) for rows in by_user.values())
    assert rows == [1, 1, 1, 1, 2]


def test_each_bad_network_condition_raises_its_own_issue(
    server: Server, session: dict[str, Any]
) -> None:
    assert "poor_network_uplink" in issues_of(report_of(server, session, "lossy_uplink"))
    assert "poor_network_downlink" in issues_of(report_of(server, session, "congested_downlink"))
    assert "silent_microphone" in issues_of(report_of(server, session, "silent_microphone"))
    assert "poor_network_uplink" not in issues_of(report_of(server, session, "good"))


def test_the_texts_of_the_call_are_in_its_transcript_and_chat(
    server: Server, session: dict[str, Any]
) -> None:
    closed = {"type": "session_closed", "at": datetime.now(UTC).isoformat()}
    http_client.post(
        f"{server.url}/v1/apps/{server.app_id}/events",
        headers=server.headers,
        json={"events": [{**closed, "session_id": session["session_id"]}]},
    ).raise_for_status()
    wait_until_ended(server, session["session_id"])
    transcript = read(server, f"sessions/{session['session_id']}/transcript")
    text = http_client.get(transcript["transcript_download_url"]).raise_for_status().text
    assert len(text.splitlines()) > 5
    chat = read(server, f"sessions/{session['session_id']}/chat")
    assert http_client.get(chat["chat_download_url"]).raise_for_status().text.count("\n") >= 2


def test_the_same_seed_in_the_same_app_is_refused(server: Server, played: dict[str, Any]) -> None:
    again = command(
        *("simulate", "--url", server.url, "--seed", str(played["seed"]), "--participants", "5"),
        *("--account", server.account_id, "--app", server.app_id, "--interval", "5"),
        *("--minutes", "10", *[word for kind in KINDS for word in ("--weather", kind)]),
        env={"SIMULATE_TOKEN": server.api_token},
    )
    assert again.returncode == 1
    assert "another seed" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_wrong_token_is_reported_in_a_sentence(server: Server) -> None:
    refused = command(
        *("simulate", "--url", server.url, "--account", server.account_id),
        *("--app", server.app_id, "--token", "x" * 40),
    )
    assert refused.returncode == 1
    assert "401" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_absent_server_is_reported_in_a_sentence() -> None:
    refused = command(
        *("simulate", "--url", "http://127.0.0.1:9", "--account", "a", "--app", "b"),
        *("--token", "x" * 40),
    )
    assert refused.returncode == 1
    assert "cannot be reached" in refused.stderr
