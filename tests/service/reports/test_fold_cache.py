from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.issues import IssueName, StreamRef, single
from aftercall.core.quality.report.fold import FOLD_VERSION
from aftercall.service.reports.fold_cache import FoldCache, size_of
from aftercall.service.reports.participant_fold import (
    FoldInputs,
    ParticipantFold,
    fold_participant,
    inputs_of,
    inputs_read,
)
from aftercall.store.reports import PROVISIONAL, ReportVersion
from tests.core.quality.synthetic_call import CALL_START, Call

CALL = Call(["ada", "bob"], minutes=1)
FACTS = [CALL.facts("ada")]
SCALE = scale_of(CALL_START, CALL.end_at)
FOLDED, _ = fold_participant(FACTS, SCALE, CALL.end_at)
INPUTS = inputs_read(FACTS)
AT = EpochMs(5)
WRITTEN = ReportVersion(AT, PROVISIONAL)
ADA = ("app", "ada")


def _found(cache: FoldCache, *names: str) -> list[ParticipantFold | None]:
    return [cache.find(("app", name), INPUTS, SCALE, WRITTEN) for name in names]


def test_a_fold_is_found_by_its_inputs() -> None:
    cache = FoldCache()
    cache.keep(ADA, INPUTS, FOLDED, AT)
    (facts,) = FACTS
    peer, samples = facts.peer, len(facts.samples)
    assert cache.find(ADA, inputs_of([peer], {"ada": samples}, {}), SCALE, WRITTEN) is FOLDED
    for inputs in (
        inputs_of([peer], {"ada": samples + 1}, {}),
        inputs_of([peer], {"ada": samples}, {"ada": 1}),
        inputs_of([peer, CALL.peer("bob")], {"ada": samples}, {}),
    ):
        assert cache.find(ADA, inputs, SCALE, WRITTEN) is None
    assert cache.find(("app", "bob"), INPUTS, SCALE, WRITTEN) is None
    assert cache.find(("other", "ada"), INPUTS, SCALE, WRITTEN) is None
    assert cache.find(ADA, INPUTS, scale_of(CALL_START, EpochMs(CALL.end_at + 1)), WRITTEN) is None


def test_a_fold_whose_report_was_replaced_or_deleted_is_not_found() -> None:
    cache = FoldCache()
    cache.keep(ADA, INPUTS, FOLDED, AT)
    assert cache.find(ADA, INPUTS, SCALE, None) is None
    assert cache.find(ADA, INPUTS, SCALE, ReportVersion(EpochMs(6), FOLD_VERSION)) is None
    cache.mark_completed(ADA, b"verdict", b"ends", EpochMs(6))
    assert cache.find(ADA, INPUTS, SCALE, ReportVersion(EpochMs(6), FOLD_VERSION)) is FOLDED


def test_the_fold_of_a_present_peer_is_not_cached() -> None:
    cache = FoldCache()
    present = replace(INPUTS.peers[0], left_at=None)
    inputs = FoldInputs((present,), INPUTS.samples, INPUTS.events)
    cache.keep(ADA, inputs, FOLDED, AT)
    assert cache.find(ADA, inputs, SCALE, WRITTEN) is None


def test_the_oldest_fold_is_evicted_beyond_the_capacity() -> None:
    cache = FoldCache(most_bytes=2 * size_of(FOLDED))
    for name in ("a", "b", "c"):
        cache.keep(("app", name), INPUTS, FOLDED, AT)
    assert _found(cache, "a", "b", "c") == [None, FOLDED, FOLDED]
    cache.keep(("app", "b"), INPUTS, FOLDED, AT)
    cache.keep(("app", "d"), INPUTS, FOLDED, AT)
    assert _found(cache, "b", "c", "d") == [FOLDED, None, FOLDED]


def test_a_complete_report_is_recognised_by_time_verdict_and_stream_ends() -> None:
    cache, complete = FoldCache(), ReportVersion(AT, FOLD_VERSION)
    cache.keep(ADA, INPUTS, FOLDED, AT)
    assert not cache.is_completed(ADA, b"verdict", b"ends", complete)
    cache.mark_completed(ADA, b"verdict", b"ends", AT)
    assert cache.is_completed(ADA, b"verdict", b"ends", complete)
    assert not cache.is_completed(ADA, b"verdict", b"ends", None)
    assert not cache.is_completed(ADA, b"verdict", b"ends", WRITTEN)
    assert not cache.is_completed(ADA, b"verdict", b"other", complete)
    assert not cache.is_completed(ADA, b"other", b"ends", complete)
    assert not cache.is_completed(ADA, b"verdict", b"ends", ReportVersion(EpochMs(6), FOLD_VERSION))
    cache.keep(ADA, INPUTS, FOLDED, AT)
    assert not cache.is_completed(ADA, b"verdict", b"ends", complete)


def test_a_fold_beyond_the_capacity_is_not_cached_and_evicts_no_other() -> None:
    issue = single(IssueName.HIGH_RTT, StreamRef(peer_id="bob"), CALL_START, CALL_START, {})
    verdict = replace(FOLDED.verdict, issues=[*FOLDED.verdict.issues, issue])
    larger = FOLDED._replace(verdict=verdict)
    cache = FoldCache(most_bytes=size_of(FOLDED))
    cache.keep(ADA, INPUTS, FOLDED, AT)
    cache.keep(("app", "bob"), INPUTS, larger, AT)
    assert _found(cache, "ada", "bob") == [FOLDED, None]
