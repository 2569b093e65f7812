"""Simulated calls through a real server: the diagnosis attributes each cause to its participant,
and nothing to the others."""

from typing import Any

import pytest

from tests.acceptance.final_reports import blamed, close_session, report_of, sentences
from tests.acceptance.server import Server, simulate

pytestmark = pytest.mark.acceptance

MINUTES = 10


@pytest.fixture(scope="module")
def server(simulation_server: Server) -> Server:
    return simulation_server


def play(server: Server, seed: int, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """Plays a call of ten minutes with one guest for each network condition, and closes it; returns
    each guest's condition and final report."""
    weather = [word for kind in kinds for word in ("--weather", kind)]
    played = simulate(
        server,
        *("--participants", str(len(kinds)), "--minutes", str(MINUTES), "--seed", str(seed)),
        *weather,
    )
    (session,) = played["sessions"]
    close_session(server, session["session_id"])
    return [(peer["weather"], report_of(server, peer["peer_id"])) for peer in session["peers"]]


def test_three_of_six_with_impairments_are_named_with_the_right_cause(server: Server) -> None:
    called = play(server, 11, "congested_downlink", "slow_cpu", "turn_tcp", "good", "good", "good")
    assert len(called) == 6
    causes = {
        "congested_downlink": ["downlink"],
        "slow_cpu": ["cpu"],
        "turn_tcp": ["relay_tcp"],
        "good": [],
    }
    for weather, report in called:
        assert blamed(report) == causes[weather], (weather, sentences(report))

    reported = {weather: sentences(report)[0] for weather, report in called}
    assert "all 5 senders came through badly" in reported["congested_downlink"]
    assert " machine was too slow" in reported["slow_cpu"]
    assert "through a TURN relay on TCP" in reported["turn_tcp"]
    assert "round trips took about" in reported["turn_tcp"]


def test_a_clean_call_of_ten_minutes_has_no_issue_above_information(server: Server) -> None:
    for _, report in play(server, 12, "good", "good", "good", "good"):
        assert report["diagnosis"] == []
        assert {issue["severity"] for issue in report["issues"]} <= {"information"}
        assert report["completeness"]["gaps"] == []


def test_a_lossy_uplink_is_attributed_to_its_sender_and_to_no_listener(server: Server) -> None:
    called = play(server, 13, "lossy_uplink", "good", "good", "good")
    for weather, report in called:
        assert blamed(report) == (["uplink"] if weather == "lossy_uplink" else []), weather
    (sender,) = [report for weather, report in called if weather == "lossy_uplink"]
    (finding,) = sender["diagnosis"]
    assert " uplink from " in finding["sentence"]
    assert " heard it" in finding["sentence"]
    assert finding["evidence"]["listeners_affected"] == 3
    for weather, report in called:
        if weather == "good":
            (reported,) = report["diagnosis"]
            assert reported["severity"] == "information"
            assert reported["sentence"].endswith("uplink.")
            network = [i for i in report["issues"] if "network" in i["name"]]
            assert network
            assert {issue["origin"] for issue in network} == {"remote"}
