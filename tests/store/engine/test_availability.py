"""An outage has one log line at either end, and a duration."""

import pytest
from structlog.testing import capture_logs

from aftercall.core.errors import SerializationConflict, Unavailable
from aftercall.store.engine.availability import Availability
from aftercall.store.engine.failures import PassingFailure

AWAY = PassingFailure("refused", is_outage=True)
LOST = PassingFailure("deadlock", is_outage=False)


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_outage_lasts_from_the_first_failure_to_the_first_success() -> None:
    seconds = Seconds()
    availability = Availability(seconds=seconds)
    with capture_logs() as lines:
        for second in range(1, 100):
            seconds.now = float(second)
            availability.failed(AWAY, began_at=seconds.now - 0.5, is_write=True)
        assert availability.away_since == 0.5
        seconds.now = 100.0
        availability.worked(is_write=True)
    assert [line["action"] for line in lines] == ["database_away", "database_back"]
    assert lines[1]["refused_transactions"] == 99
    assert availability.away_since is None
    assert availability.take_ended() == [(0.5, 100.0)]
    assert availability.take_ended() == []


def test_successful_reads_do_not_end_an_outage_of_writes() -> None:
    availability = Availability(seconds=Seconds())
    availability.failed(AWAY, began_at=0.0, is_write=True)
    availability.worked(is_write=False)
    assert availability.away_since is not None


def test_a_serialization_conflict_is_no_outage() -> None:
    availability = Availability(seconds=Seconds())
    error = availability.failed(LOST, began_at=0.0, is_write=True)
    assert isinstance(error, SerializationConflict)
    assert availability.away_since is None


def test_during_an_outage_one_write_at_a_time_is_attempted() -> None:
    availability = Availability(seconds=Seconds())
    with availability.one_try(), availability.one_try():
        pass
    availability.failed(AWAY, began_at=0.0, is_write=True)
    with (
        availability.one_try(),
        pytest.raises(Unavailable),
        availability.one_try(),
    ):
        pass
    with availability.one_try():
        pass
