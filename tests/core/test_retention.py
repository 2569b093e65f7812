"""How long each kind of a session's data is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.errors import InvalidBody
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.records import Phase, Session
from aftercall.core.retention import (
    ALL_KINDS,
    DAY_S,
    FOR_EVER,
    KEEP_ALL,
    LONGEST_S,
    DataKind,
    RetentionPolicy,
    format_seconds,
    is_kept,
    is_too_old,
    kept_until,
    past_kinds,
    policy_of,
    read_kind,
    read_seconds,
)
from tests.store.record_builder import T0, ended, session

OVER = ended(session("s"), 1_000)
END: EpochMs = EpochMs(T0 + 1_000)

policies = st.dictionaries(st.sampled_from(list(DataKind)), st.integers(0, 100 * DAY_S)).map(
    RetentionPolicy
)
moments = st.integers(-DAY_MS, 200 * DAY_MS).map(lambda after: EpochMs(END + after))


def _after(days: float) -> EpochMs:
    return EpochMs(END + round(days * DAY_MS))


def test_a_kind_is_kept_until_its_time_after_the_end() -> None:
    policy = RetentionPolicy({DataKind.CHAT: 2 * DAY_S})
    assert kept_until(policy, DataKind.CHAT, OVER) == _after(2)
    assert is_kept(policy, DataKind.CHAT, OVER, EpochMs(_after(2) - 1))
    assert not is_kept(policy, DataKind.CHAT, OVER, _after(2))
    assert is_kept(policy, DataKind.REPORTS, OVER, _after(9_999))


@given(policy=policies, now=moments, kind=st.sampled_from(list(DataKind)))
def test_no_kind_outlives_its_session(
    policy: RetentionPolicy, now: EpochMs, kind: DataKind
) -> None:
    if is_kept(policy, kind, OVER, now):
        assert is_kept(policy, DataKind.SESSIONS, OVER, now)


@given(policy=policies, now=moments)
def test_samples_are_not_kept_longer_than_the_addresses_in_them(
    policy: RetentionPolicy, now: EpochMs
) -> None:
    if is_kept(policy, DataKind.SAMPLES, OVER, now):
        assert is_kept(policy, DataKind.ADDRESSES, OVER, now)


@given(policy=policies, now=moments)
def test_nothing_of_a_session_that_goes_on_is_past_its_time(
    policy: RetentionPolicy, now: EpochMs
) -> None:
    for phase in set(Phase) - {Phase.ENDED}:
        live: Session = session("s", phase=phase)
        assert past_kinds(policy, live, now) == []
        assert all(is_kept(policy, kind, live, now) for kind in DataKind)


@given(policy=policies, now=moments, kept=st.integers(0, ALL_KINDS))
def test_a_kind_is_kept_or_past_or_was_deleted(
    policy: RetentionPolicy, now: EpochMs, kept: int
) -> None:
    one = replace(OVER, kept_kinds=kept)
    past = past_kinds(policy, one, now)
    for kind in DataKind:
        was_deleted = not kept & kind.bit
        assert [is_kept(policy, kind, one, now), kind in past, was_deleted].count(True) == 1


def test_what_was_deleted_is_not_kept_though_the_policy_is_longer_now() -> None:
    one = replace(OVER, kept_kinds=ALL_KINDS - DataKind.CHAT.bit)
    assert not is_kept(KEEP_ALL, DataKind.CHAT, one, END)


def test_facts_are_too_old_when_a_session_of_their_time_would_be_deleted() -> None:
    policy = RetentionPolicy({DataKind.SESSIONS: DAY_S})
    assert is_too_old(policy, END, _after(1))
    assert not is_too_old(policy, END, EpochMs(_after(1) - 1))
    assert not is_too_old(KEEP_ALL, END, _after(9_999))


def test_an_app_chooses_some_kinds_and_has_the_defaults_for_all_others() -> None:
    defaults = {DataKind.TRANSCRIPTS: 7 * DAY_S, DataKind.SAMPLES: DAY_S}
    policy = policy_of(defaults, {"samples": FOR_EVER, "chat": 60, "unknown": 1})
    assert {kind: policy.seconds_of(kind) for kind in DataKind} == {
        **dict.fromkeys(DataKind, FOR_EVER),
        DataKind.TRANSCRIPTS: 7 * DAY_S,
        DataKind.CHAT: 60,
    }


@given(st.integers(0, LONGEST_S))
def test_a_number_of_seconds_is_read_as_it_is_written(seconds: int) -> None:
    assert read_seconds(DataKind.CHAT, format_seconds(seconds)) == seconds
    assert read_seconds(DataKind.CHAT, seconds) == seconds


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("30d", 30 * DAY_S), ("12h", 43_200), (" 5M ", 300), ("90", 90), ("forever", 0), ("0", 0)],
)
def test_a_text_has_a_unit(given: str, seconds: int) -> None:
    assert read_seconds(DataKind.CHAT, given) == seconds


@pytest.mark.parametrize(
    "given", [-1, LONGEST_S + 1, "-1d", "1w", "", "d", "1.5d", None, True, 1.5, [], "99999999999d"]
)
def test_what_is_no_time_is_refused_by_the_name_of_its_kind(given: object) -> None:
    with pytest.raises(InvalidBody) as refused:
        read_seconds(DataKind.CHAT, given)
    assert refused.value.field == "chat"


def test_an_unknown_kind_is_refused_by_its_name() -> None:
    assert read_kind("samples") is DataKind.SAMPLES
    with pytest.raises(InvalidBody, match="pictures") as refused:
        read_kind("pictures")
    assert refused.value.field == "pictures"


def test_every_kind_has_a_bit_of_its_own() -> None:
    assert sum(kind.bit for kind in DataKind) == ALL_KINDS
