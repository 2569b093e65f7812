"""The issues of a peer's connection states, in seconds."""

from collections.abc import Sequence

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.rules.connection_state_rules import Arrival, interruption_issues
from aftercall.core.records import StoredPeerEvent
from tests.core.quality.peer_events import event

ICE, WHOLE, DTLS = "ice_connection_state", "connection_state", "dtls_state"

LOST, FAILED, FELL, SLOW = (
    IssueName.ICE_RECONNECTING,
    IssueName.ICE_FAILED,
    IssueName.CONNECTION_FAILED,
    IssueName.SLOW_CONNECT,
)


def _event(
    at_s: float, name: str, state: str = "", connection: str | None = "pc1"
) -> StoredPeerEvent:
    stated = {"connection": connection, "state": state} if state else {}
    return event(round(at_s * 1_000), name, **stated)


def _issues(
    *events: StoredPeerEvent,
    arrivals: Sequence[tuple[str, float, float]] = (),
    left_s: float | None = 600,
    now_s: float = 600,
) -> list[Issue]:
    arrived = [
        Arrival(which, EpochMs(round(a * 1_000)), EpochMs(round(b * 1_000)))
        for which, a, b in arrivals
    ]
    left_at = None if left_s is None else EpochMs(round(left_s * 1_000))
    now = EpochMs(round(now_s * 1_000))
    return interruption_issues("ada", events, lambda: arrived, left_at, now)


def _issue_times(
    *events: StoredPeerEvent,
    arrivals: Sequence[tuple[str, float, float]] = (),
    left_s: float | None = 600,
) -> list[tuple[IssueName, float, float]]:
    """Each issue with its beginning and end in seconds."""
    found = _issues(*events, arrivals=arrivals, left_s=left_s)
    return sorted((i.name, i.first_at / 1_000, i.last_at / 1_000) for i in found)


def test_an_interruption_lasts_until_the_connection_is_connected() -> None:
    [issue] = _issues(_event(9, ICE, "connected"), _event(2, ICE, "disconnected"))
    assert (issue.name, issue.first_at, issue.last_at) == (LOST, 2_000, 9_000)
    assert issue.worst == {"outage_ms": 7_000.0}
    assert issue.stream.connection_id == "pc1"
    assert not issue.is_open


def test_ice_and_connection_states_of_one_interruption_are_one_issue() -> None:
    assert _issue_times(
        _event(2, ICE, "disconnected"),
        _event(2, WHOLE, "disconnected"),
        _event(9, ICE, "connected"),
        _event(9.1, WHOLE, "connected"),
    ) == [(LOST, 2, 9)]


def test_a_replacement_connection_ends_the_interruption() -> None:
    assert _issue_times(
        _event(1, ICE, "connected"),
        _event(60, ICE, "disconnected"),
        _event(61, ICE, "checking", "pc2"),
        _event(64, ICE, "connected", "pc2"),
    ) == [(LOST, 60, 64)]


def test_another_existing_connection_does_not_end_the_interruption() -> None:
    assert _issue_times(
        _event(1, ICE, "connected"),
        _event(1, ICE, "connected", "receiving"),
        _event(60, ICE, "disconnected"),
        _event(60, ICE, "disconnected", "receiving"),
        _event(64, ICE, "connected", "receiving"),
        _event(70, ICE, "connected"),
    ) == [(LOST, 60, 64), (LOST, 60, 70)]


def test_arriving_packets_end_an_interruption_without_a_state_change() -> None:
    lost = _event(60, ICE, "disconnected")
    moving = [("pc1", 49, 56), ("pc1", 56, 63), ("pc1", 70, 77), ("pc1", 77, 84)]
    assert _issue_times(lost, arrivals=moving) == [(LOST, 60, 77)]


def test_packets_of_a_new_connection_end_the_interruption_unlike_those_of_an_old_one() -> None:
    lost = _event(60, ICE, "disconnected")
    old = [("receiving", 49, 56), ("receiving", 63, 70)]
    assert _issue_times(lost, arrivals=old) == [(LOST, 60, 600)]
    assert _issue_times(lost, arrivals=[*old, ("pc2", 70, 77)]) == [(LOST, 60, 77)]


def test_a_failure_ends_the_interruption() -> None:
    assert _issue_times(_event(60, ICE, "disconnected"), _event(80, ICE, "failed")) == [
        (FAILED, 80, 80),
        (LOST, 60, 80),
    ]


def test_an_unended_interruption_lasts_until_the_leave() -> None:
    [issue] = _issues(_event(2, ICE, "disconnected"), left_s=30)
    assert (issue.last_at, issue.is_open) == (30_000, False)


def test_an_ongoing_interruption_is_open() -> None:
    [issue] = _issues(_event(2, ICE, "disconnected"), left_s=None, now_s=45)
    assert (issue.last_at, issue.is_open) == (45_000, True)
    assert issue.worst == {"outage_ms": 43_000.0}


def test_a_second_loss_is_another_interruption() -> None:
    assert _issue_times(
        _event(60, ICE, "disconnected"),
        _event(63, ICE, "connected"),
        _event(90, ICE, "disconnected"),
        _event(95, ICE, "connected"),
    ) == [(LOST, 60, 63), (LOST, 90, 95)]


@pytest.mark.parametrize(
    ("events", "reported"),
    [
        ([_event(80, ICE, "failed"), _event(80.1, WHOLE, "failed")], [(FAILED, 80, 80)]),
        ([_event(80, WHOLE, "failed"), _event(80.1, ICE, "failed")], [(FAILED, 80.1, 80.1)]),
        ([_event(3, ICE, "connected"), _event(80, WHOLE, "failed")], [(FELL, 80, 80)]),
        ([_event(80, DTLS, "failed"), _event(80.1, WHOLE, "failed")], [(FELL, 80, 80)]),
        ([_event(80, WHOLE, "failed")], [(FELL, 80, 80)]),
        (
            [_event(80, ICE, "failed"), _event(200, WHOLE, "failed")],
            [(FELL, 200, 200), (FAILED, 80, 80)],
        ),
        (
            [_event(80, ICE, "failed"), _event(80, WHOLE, "failed", "pc2")],
            [(FELL, 80, 80), (FAILED, 80, 80)],
        ),
    ],
)
def test_a_failure_of_ice_or_the_connection_is_one_issue(
    events: list[StoredPeerEvent], reported: list[tuple[IssueName, float, float]]
) -> None:
    assert _issue_times(*events) == reported


def test_a_connection_may_take_five_seconds_to_connect() -> None:
    assert _issue_times(_event(0, ICE, "checking"), _event(5, ICE, "completed")) == []
    assert _issue_times(_event(0, WHOLE, "connecting"), _event(5.001, WHOLE, "connected")) == [
        (SLOW, 0, 5.001)
    ]


def test_a_slow_connection_is_one_issue_with_its_longest_state() -> None:
    events = [
        _event(0, ICE, "checking"),
        _event(0.2, WHOLE, "connecting"),
        _event(7, ICE, "connected"),
        _event(8, WHOLE, "connected"),
    ]
    [issue] = _issues(*events)
    assert (issue.name, issue.worst) == (SLOW, {"connect_ms": 7_800.0})
    other = [_event(1, ICE, "checking", "pc2"), _event(9, ICE, "connected", "pc2")]
    assert _issue_times(*events, *other) == [(SLOW, 0.2, 8), (SLOW, 1, 9)]
    again = [_event(100, ICE, "checking"), _event(106, ICE, "connected")]
    assert _issue_times(*events, *again) == [(SLOW, 0.2, 8), (SLOW, 100, 106)]


def test_reconnect_attempts_of_realtimekit_last_until_a_transport_connects() -> None:
    tries = [_event(60, "reconnect_attempt"), _event(62, "reconnect_attempt")]
    assert _issue_times(*tries, _event(66, "transport_connected")) == [(LOST, 60, 66)]
    assert _issue_times(*tries, arrivals=[("t1", 56, 63), ("t2", 63, 70)]) == [(LOST, 60, 70)]
    assert _issue_times(*tries) == [(LOST, 60, 600)]


def test_a_disconnect_and_rejoin_of_realtimekits_client_is_an_interruption() -> None:
    again = [_event(60, "disconnect"), _event(61, "describe"), _event(64, "transport_connected")]
    assert _issue_times(_event(1, "describe"), *again) == [(LOST, 60, 64)]
    later = [_event(90, "disconnect"), _event(91, "describe")]
    assert _issue_times(*again, *later, arrivals=[("t3", 97, 104)]) == [
        (LOST, 60, 64),
        (LOST, 90, 104),
    ]


def test_a_final_disconnect_is_no_interruption() -> None:
    assert _issue_times(_event(1, "describe"), _event(60, "disconnect"), left_s=60) == []
    assert (
        _issue_times(_event(60, "disconnect"), _event(121, "describe"), arrivals=[("t", 121, 128)])
        == []
    )
