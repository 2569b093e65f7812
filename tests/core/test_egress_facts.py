"""An egress is the same after it was written as facts and recorded again."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.egress_facts import egress_of, facts_of_egress
from aftercall.core.egresses import Egress, EgressKind, EgressStatus, merge_egresses
from aftercall.core.events import EgressReported
from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase, Session

NOON = EpochMs(1_790_000_000_000)
MOMENTS = st.integers(0, 5).map(lambda second: EpochMs(NOON + second * 1_000))
MAYBE = st.none() | MOMENTS
SESSION = Session(
    app_id="app",
    id="session",
    meeting_id="meeting",
    title="",
    phase=Phase.ENDED,
    created_at=NOON,
    started_at=NOON,
    updated_at=NOON,
    touched_at=NOON,
)

REPORTS = st.builds(
    EgressReported,
    id=st.just("report"),
    at=MOMENTS,
    session_id=st.just("session"),
    kind=st.just(EgressKind.RECORDING),
    egress_id=st.just("one"),
    status=st.sampled_from(EgressStatus),
    invoked_at=MAYBE,
    started_at=MAYBE,
    stopped_at=MAYBE,
    duration_ms=st.none() | st.integers(0, 9),
    size_bytes=st.none() | st.integers(0, 9),
    viewer_ms=st.none() | st.integers(0, 9),
    texts=st.dictionaries(st.sampled_from(("name", "error", "file_name")), st.sampled_from("xy")),
)


def recorded(facts: list[EgressReported]) -> Egress:
    return reduce(merge_egresses, (egress_of(fact, SESSION, NOON) for fact in facts))


@given(st.lists(REPORTS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_its_facts_in_any_order_make_the_same_record(
    reports: list[EgressReported], dice: object
) -> None:
    known = recorded(reports)
    facts = list(facts_of_egress(known))
    dice.shuffle(facts)  # type: ignore[attr-defined]
    assert recorded(facts) == known


@given(st.lists(REPORTS, min_size=1, max_size=3))
def test_its_facts_have_ids_of_their_own(reports: list[EgressReported]) -> None:
    known = recorded(reports)
    ids = [fact.id for fact in facts_of_egress(known)]
    assert len(set(ids)) == len(ids)
    other = replace(known, kind=EgressKind.LIVESTREAM)
    assert not set(ids) & {fact.id for fact in facts_of_egress(other)}
