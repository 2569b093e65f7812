"""Reports of one egress say the same together in whatever order they come."""

from functools import reduce
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.egresses import (
    Egress,
    EgressKind,
    EgressStatus,
    Stated,
    merge_egresses,
)
from aftercall.core.instants import EpochMs

MOMENTS = st.integers(0, 3).map(EpochMs)
MAYBE = st.none() | MOMENTS


@st.composite
def reports(draw: st.DrawFn) -> Egress:
    at = draw(MOMENTS)
    texts = draw(st.dictionaries(st.sampled_from(("name", "error")), st.sampled_from("xy")))
    return Egress(
        app_id="app",
        kind=EgressKind.RECORDING,
        id="one",
        session_id="call",
        meeting_id="weekly",
        status=draw(st.sampled_from(EgressStatus)),
        status_at=at,
        invoked_at=at,
        started_at=draw(MAYBE),
        stopped_at=draw(MAYBE),
        duration_ms=draw(MAYBE),
        size_bytes=draw(MAYBE),
        viewer_ms=draw(MAYBE),
        texts={name: Stated(at, value) for name, value in sorted(texts.items())},
        created_at=draw(MOMENTS),
        updated_at=draw(MOMENTS),
    )


def _report(status: EgressStatus, at: int, **members: EpochMs | int) -> Egress:
    return Egress(
        app_id="app",
        kind=EgressKind.RECORDING,
        id="one",
        session_id="call",
        meeting_id="weekly",
        status=status,
        status_at=EpochMs(at),
        invoked_at=EpochMs(at),
        created_at=EpochMs(0),
        updated_at=EpochMs(0),
        **members,  # type: ignore[arg-type]
    )


@given(st.lists(reports(), min_size=1, max_size=4))
def test_order_and_repeats_make_no_difference(found: list[Egress]) -> None:
    merged = {repr(reduce(merge_egresses, [*order, order[0]])) for order in permutations(found)}
    assert len(merged) == 1


def test_a_late_report_of_an_earlier_state_changes_no_state() -> None:
    uploaded = _report(EgressStatus.COMPLETE, 9)
    assert merge_egresses(uploaded, _report(EgressStatus.ACTIVE, 12)).status == "complete"


def test_a_recording_may_be_paused_and_resumed() -> None:
    states = [
        _report(EgressStatus.ACTIVE, 1),
        _report(EgressStatus.PAUSED, 2),
        _report(EgressStatus.ACTIVE, 3),
    ]
    assert reduce(merge_egresses, states).status == "active"
    assert reduce(merge_egresses, reversed(states[:2])).status == "paused"


def test_its_length_is_as_stated_or_from_start_to_stop() -> None:
    running = _report(EgressStatus.ACTIVE, 1, started_at=EpochMs(1))
    assert running.length_ms is None
    over = merge_egresses(running, _report(EgressStatus.ENDING, 5, stopped_at=EpochMs(5)))
    assert over.length_ms == 4
    assert merge_egresses(over, _report(EgressStatus.COMPLETE, 6, duration_ms=3)).length_ms == 3
