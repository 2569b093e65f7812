"""Browsers hold calls in which one network is impaired: the diagnosis attributes it as far as that
can be known, and blames nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.acceptance.browser_dumps import reports_of_dumps
from tests.acceptance.chromium import find_chromium
from tests.acceptance.impaired_call import HeldCall, Phase, hold, server_for_impaired_calls
from tests.acceptance.machine_lateness import is_explained, unexplained
from tests.acceptance.server import Server

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium was found on this machine"),
]

PAIR = (
    Phase(seconds=15),
    Phase(seconds=30, name="Ann", way="uplink"),
    Phase(seconds=5),
)
MESH = (
    Phase(seconds=15),
    Phase(seconds=30, name="Ann", way="uplink"),
    Phase(seconds=20),
    Phase(seconds=30, name="Cy", way="downlink"),
    Phase(seconds=5),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server_for_impaired_calls(tmp_path_factory.mktemp("impaired")) as started:
        yield started


@pytest.fixture(scope="module")
def pair(server: Server, tmp_path_factory: pytest.TempPathFactory) -> HeldCall:
    """A call of two in which Ann's uplink is bad for a while."""
    return hold(server, tmp_path_factory.mktemp("pair"), ("Ann", "Bob"), PAIR, with_dumps=True)


@pytest.fixture(scope="module")
def dumped(server: Server, pair: HeldCall) -> HeldCall:
    """The same call by the dumps that both browsers saved, in another app."""
    return replace(pair, **reports_of_dumps(server, pair.dumps))


@pytest.fixture(scope="module")
def mesh(server: Server, tmp_path_factory: pytest.TempPathFactory) -> HeldCall:
    """A call of three, each connected to each: first Ann's uplink is bad, then Cy's downlink."""
    return hold(server, tmp_path_factory.mktemp("mesh"), ("Ann", "Bob", "Cy"), MESH)


def test_between_two_alone_loss_is_found_and_nobody_is_blamed(pair: HeldCall) -> None:
    (bad,) = pair.impaired
    assert 0.10 < bad.lost_share < 0.30
    assert unexplained(pair.reports["Ann"], pair.machine) == [], pair.about("Ann")
    assert bad.is_when(pair.losses("Ann", "uplink")), pair.about("Ann")
    assert pair.losses("Ann", "downlink") == []

    (finding,) = unexplained(pair.reports["Bob"], pair.machine)
    assert finding["cause"] == "reception", pair.about("Bob")
    assert "of Ann's voice and video to Bob was lost on the way from " in finding["sentence"]
    assert finding["sentence"].endswith("; on whose side is not known.")
    lost = pair.losses("Bob", "downlink")
    assert bad.is_when(lost), pair.about("Bob")
    assert {issue.get("origin") for issue in lost} == {None}
    assert pair.losses("Bob", "uplink") == []
    heard = [i for i in lost if i["stream"]["family"] == "audio_consumer"]
    assert 10 < max(issue["worst"]["loss_percent"] for issue in heard) < 40


@pytest.mark.parametrize("name", ["Ann", "Bob"])
def test_dumps_of_the_browsers_give_the_findings_of_the_collector(
    pair: HeldCall, dumped: HeldCall, name: str
) -> None:
    for way in ("uplink", "downlink"):
        told, found = pair.losses(name, way), dumped.losses(name, way)
        assert _kinds(found) == _kinds(told), (way, dumped.about(name), pair.about(name))
        assert not found or pair.impaired[0].is_when(found)
    collected, imported = (
        [(each["cause"], _place(each)) for each in unexplained(call.reports[name], call.machine)]
        for call in (pair, dumped)
    )
    assert imported == collected, (dumped.about(name), pair.about(name))


def _kinds(issues: list[dict[str, Any]]) -> set[tuple[object, ...]]:
    """Which streams the issues are of, and whose they are."""
    return {
        (issue["name"].partition("_")[2], issue["stream"]["family"], issue.get("origin"))
        for issue in issues
    }


def _place(finding: dict[str, Any]) -> str:
    """What of whose was bad for whom, without how much and when."""
    words: str = finding["sentence"]
    return f"{words.partition(' of ')[2].partition(' from ')[0]} {words.rpartition('; ')[2]}"


def test_in_a_mesh_the_one_whose_uplink_was_bad_is_named(mesh: HeldCall) -> None:
    bad, _ = mesh.impaired
    assert 0.10 < bad.lost_share < 0.30
    (finding,) = unexplained(mesh.reports["Ann"], mesh.machine)
    assert finding["cause"] == "uplink", mesh.about("Ann")
    assert " was lost on Ann's uplink from " in finding["sentence"]
    assert sorted(finding["peer_ids"]) == sorted(mesh.peer_ids[name] for name in ("Bob", "Cy"))
    assert bad.is_when([finding]), mesh.about("Ann")


def test_in_a_mesh_the_one_whose_downlink_was_bad_is_named(mesh: HeldCall) -> None:
    _, bad = mesh.impaired
    assert 0.10 < bad.lost_share < 0.30
    (finding,) = unexplained(mesh.reports["Cy"], mesh.machine)
    assert finding["cause"] == "downlink", mesh.about("Cy")
    assert bad.is_when([finding]), mesh.about("Cy")
    for name in ("Ann", "Bob"):
        assert mesh.losses(name, "downlink") == [] or name == "Bob", mesh.about(name)


def test_in_a_mesh_those_who_only_heard_badly_are_not_blamed(mesh: HeldCall) -> None:
    report = mesh.reports["Bob"]
    assert unexplained(report, mesh.machine) == [], mesh.about("Bob")
    reported = [
        finding
        for finding in report["diagnosis"]
        if finding["cause"] == "sender" and not is_explained(finding, report, mesh.machine)
    ]
    assert [each["peer_ids"] for each in reported] == [[mesh.peer_ids["Ann"]]], mesh.about("Bob")
    assert reported[0]["sentence"].endswith("; the cause was Ann's uplink.")
