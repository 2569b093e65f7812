"""What a session counts for."""

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.records import Phase
from aftercall.store.sessions.day_counts import Counted, counted_by


def test_only_an_ended_session_is_counted() -> None:
    for phase in Phase:
        counted = counted_by(phase, EpochMs(DAY_MS * 3 + 5), 4, 1.5)
        assert counted == (Counted(3, 4, 1.5, 3 * 96) if phase is Phase.ENDED else None)
