from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.events import Identity
from aftercall.core.instants import EpochMs
from aftercall.ingest.dumps.entries import Entry, Signal, StatsReport
from aftercall.ingest.dumps.grouping import peers_of
from aftercall.ingest.dumps.survey import survey
from aftercall.ingest.dumps.translate import PACE_MS, PeerPlan, Translator
from aftercall.ingest.source import UnencodedSample

AT = 1_795_674_600_000.0
NOW = EpochMs(1_795_700_000_000)


def _report(seconds: float, connection: str = "pc", packets: int = 0) -> StatsReport:
    stats = {"id": "A", "type": "inbound-rtp", "ssrc": 7, "packetsReceived": packets}
    return StatsReport(AT + 1_000 * seconds, connection, [stats])


def _samples(entries: list[Entry]) -> list[UnencodedSample]:
    plans = [
        PeerPlan(
            peer_id="peer",
            session_id="session",
            meeting_id="meeting",
            meeting_title="",
            identity=Identity(),
            surveyed=peer,
        )
        for peer in peers_of(0, survey(entries, NOW))
    ]
    facts = Translator(plans, "app", NOW).translate(entries)
    return [fact for fact in facts if isinstance(fact, UnencodedSample)]


def _seconds(samples: list[UnencodedSample]) -> list[float]:
    return [(sample.at - AT) / 1_000 for sample in samples]


def test_of_reports_every_second_each_fifth_and_the_last_are_samples() -> None:
    assert _seconds(_samples([_report(each) for each in range(13)])) == [0, 5, 10, 12]


def test_slower_reports_are_all_samples() -> None:
    assert _seconds(_samples([_report(7 * each) for each in range(4)])) == [0, 7, 14, 21]


def test_the_last_report_of_a_connection_that_closes_is_a_sample() -> None:
    closed = Signal(AT + 3_100, "pc", "close", None)
    entries: list[Entry] = [_report(0), _report(3, packets=9), closed]
    *_, last = _samples(entries)
    assert last.body.connections[0].stats[0].packets_received == 9


def test_connections_that_are_asked_apart_are_both_in_samples() -> None:
    entries: list[Entry] = []
    for second in range(12):
        entries += [_report(second, "one", second), _report(second + 0.5, "other", second)]
    last = {
        connection.id: connection.stats[0].packets_received
        for sample in _samples(entries)
        for connection in sample.body.connections
    }
    assert last == {"one": 11, "other": 11}


def test_a_clock_that_is_put_back_begins_again() -> None:
    entries: list[Entry] = [_report(100), _report(40), _report(41), _report(46)]
    assert _seconds(_samples(entries)) == [100, 40, 46]


@given(st.lists(st.floats(0, 60), min_size=1, max_size=60).map(sorted))
def test_samples_are_apart_but_for_the_last_report(seconds: list[float]) -> None:
    found = _seconds(_samples([_report(each) for each in seconds]))
    assert found[-1] >= seconds[-1] - 0.3
    assert all(later - earlier >= PACE_MS / 1_000 - 0.3 for earlier, later in pairwise(found[:-1]))
