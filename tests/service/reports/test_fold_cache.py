from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.service.reports.fold_cache import (
    CachedFold,
    FoldCache,
    Told,
    fold_row,
    told_by,
    told_of,
)
from tests.core.quality.cast import TEN, Call

CALL = Call(["ada", "bob"], minutes=1)
FACTS = [CALL.facts("ada")]
SCALE = scale_of(TEN, CALL.end_at)
ROW = fold_row(FACTS, SCALE, CALL.end_at)
TOLD = told_by(FACTS)


def _kept(rows: FoldCache, *names: str) -> list[CachedFold | None]:
    return [rows.find(("app", name), TOLD, SCALE) for name in names]


def test_a_fold_is_found_by_the_facts_it_was_made_of() -> None:
    rows = FoldCache()
    rows.keep(("app", "ada"), TOLD, ROW)
    (facts,) = FACTS
    peer, samples = facts.peer, len(facts.samples)
    assert rows.find(("app", "ada"), told_of([peer], {"ada": samples}, {}), SCALE) is ROW
    for told in (
        told_of([peer], {"ada": samples + 1}, {}),
        told_of([peer], {"ada": samples}, {"ada": 1}),
        told_of([peer, CALL.peer("bob")], {"ada": samples}, {}),
    ):
        assert rows.find(("app", "ada"), told, SCALE) is None
    assert rows.find(("app", "bob"), TOLD, SCALE) is None
    assert rows.find(("other", "ada"), TOLD, SCALE) is None
    assert rows.find(("app", "ada"), TOLD, scale_of(TEN, EpochMs(CALL.end_at + 1))) is None


def test_the_fold_of_one_who_is_still_there_is_not_kept() -> None:
    rows = FoldCache()
    present = replace(TOLD.peers[0], left_at=None)
    told = Told((present,), TOLD.samples, TOLD.notes)
    rows.keep(("app", "ada"), told, ROW)
    assert rows.find(("app", "ada"), told, SCALE) is None


def test_the_oldest_goes_when_there_are_too_many() -> None:
    rows = FoldCache(most_bytes=2 * ROW.size)
    for name in ("a", "b", "c"):
        rows.keep(("app", name), TOLD, ROW)
    assert _kept(rows, "a", "b", "c") == [None, ROW, ROW]
    rows.keep(("app", "b"), TOLD, ROW)
    rows.keep(("app", "d"), TOLD, ROW)
    assert _kept(rows, "b", "c", "d") == [ROW, None, ROW]


def test_what_was_saved_is_known_by_its_moment_and_verdict() -> None:
    rows = FoldCache()
    key, at = ("app", "ada"), EpochMs(5)
    rows.keep(key, TOLD, ROW)
    assert not rows.is_saved(key, ROW.verdict, b"ends", None)
    rows.note_saved(key, ROW.verdict, b"ends", at)
    assert rows.is_saved(key, ROW.verdict, b"ends", at)
    assert not rows.is_saved(key, ROW.verdict, b"other", at)
    assert not rows.is_saved(key, ROW.verdict, b"ends", EpochMs(6))
    rows.keep(key, TOLD, ROW)
    assert not rows.is_saved(key, ROW.verdict, b"ends", at)
