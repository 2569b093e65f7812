"""RealtimeKit's client sends no report while it has no stream, but for the first."""

import msgspec
from msgspec import structs

from aftercall.core.quality.report.fold import Completeness, PeerFacts, fold
from tests.core.quality.synthetic_call import CALL_START, INTERVAL_MS, Call


def _completeness(source: str, *, alone_until: int, missing: range) -> Completeness:
    """A call of 86 samples, of which the first is empty and the next ones are missing for a
    while."""
    facts = Call(["ada", "bob"], minutes=10).facts("ada")
    first = structs.replace(facts.samples[0], body=msgspec.json.encode({"connections": []}))
    later = [s for s in facts.samples[alone_until:] if s.sequence not in missing]
    peer = structs.replace(facts.peer, source=source)
    assert peer.left_at is not None
    made = PeerFacts(peer=peer, samples=[first, *later], events=[])
    return fold([made], peer.left_at).verdict.completeness


def test_a_client_alone_in_the_call_has_no_gap() -> None:
    found = _completeness("realtimekit_callstats", alone_until=50, missing=range(0))
    assert (found.gaps, found.share) == ([], 1.0)
    assert found.expected_samples == (600_000 - 50 * INTERVAL_MS) // INTERVAL_MS


def test_missing_samples_while_streams_exist_are_a_gap() -> None:
    found = _completeness("realtimekit_callstats", alone_until=50, missing=range(60, 70))
    [gap] = found.gaps
    assert (gap.start_at, gap.end_at) == (
        CALL_START + 59 * INTERVAL_MS,
        CALL_START + 70 * INTERVAL_MS,
    )
    assert found.share is not None and found.share < 0.75


def test_samples_of_other_sources_are_expected_without_streams() -> None:
    found = _completeness("collector", alone_until=50, missing=range(0))
    assert len(found.gaps) == 1
