from collections.abc import Sequence
from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.column_buffer import RECEIVED, SENT, ColumnLayout
from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    floats,
    numbers,
)
from aftercall.core.quality.intervals.plausibility import (
    FEW_DUPLICATES,
    LATE_PACKETS,
    LATE_S,
    MOST_COUNTED,
    MOST_LOST_PER_S,
    are_clock_units,
    are_measured,
    are_possible_losses,
    are_possible_reports,
    leave_out_impossible,
    not_in_seconds,
    signed_counts,
    without_duplicates,
)
from aftercall.core.quality.intervals.report_order import Reports


def _column(*values: float | None) -> FloatArray:
    return numbers(values)


def _listed(flags: BoolArray) -> list[bool]:
    found: list[bool] = flags.tolist()
    return found


def _ranks(*ranks: int) -> IndexArray:
    return np.array(ranks, dtype=np.intp)


def _reports(
    kind: ColumnLayout,
    ranks: Sequence[int],
    lengths_s: float = 5.0,
    **columns: Sequence[float | None],
) -> Reports:
    count = len(ranks)
    return Reports(
        kind,
        np.array([numbers(columns.get(name, [None] * count)) for name in kind.names]),
        _ranks(*ranks),
        [],
        _ranks(*[0] * count),
        np.full(count - 1, lengths_s),
        np.zeros(count - 1),
    )


@pytest.mark.parametrize(
    ("count", "signed"),
    [
        (0, 0),
        (-3, -3),
        (15_000_000, 15_000_000),
        (2**24 - 1, -1),
        (2**24 - 2**20 - 1, 2**24 - 2**20 - 1),
        (2**24, 2**24),
        (2**31 - 5, -5),
        (2**31, -(2**31)),
        (2**32 - 7, -7),
        (2**32, 2**32),
    ],
)
def test_a_count_just_below_a_power_of_two_is_negative(count: int, signed: int) -> None:
    assert signed_counts(_column(count, 4)).tolist() == [signed, 4]


@given(st.integers(1, 2**20), st.sampled_from([24, 31, 32]))
def test_small_negative_counts_of_any_bit_width_are_recovered(count: int, bits: int) -> None:
    assert signed_counts(_column(2**bits - count)).tolist() == [-count]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ([0.02, 0.5, 3.0], [False] * 3),
        ([0.02, 60.0], [False, False]),
        ([0.02, 0.99, 1.0, 61.0], [False, False, True, True]),
        ([10.0, 12.0, 40.0], [True] * 3),
        ([0.0, 12.0, 40.0], [False, True, True]),
        ([9.0, 12.0], [False, False]),
        ([10.0, 12.5], [False, False]),
        ([None, 90.0], [False, True]),
        ([None, None], [False, False]),
        ([0.0], [False]),
    ],
)
def test_values_of_a_minute_or_integers_above_ten_are_not_in_seconds(
    values: list[float | None], wrong: list[bool]
) -> None:
    assert _listed(not_in_seconds(_column(*values))) == wrong


@pytest.mark.parametrize(
    ("values", "are_units"),
    [([0.0, 2.0, 7.0], True), ([1.0], True), ([0.5, 2.0], False), ([2.5], False), ([0.0], False)],
)
def test_integer_jitter_is_in_clock_rate_units(values: list[float], are_units: bool) -> None:
    assert are_clock_units(_column(*values)) is are_units


def test_an_rtt_was_measured_if_it_or_its_total_is_positive() -> None:
    trips, totals = _column(0, 0, 0, 0.1, None), _column(None, 0, 0.4, None, 0.4)
    assert _listed(are_measured(trips, totals)) == [False, False, True, True, True]


def test_a_few_duplicates_are_ignored_and_many_make_each_rise_a_loss() -> None:
    few = [0.0, -FEW_DUPLICATES, -3.0, 2.0]
    many = [0.0, -FEW_DUPLICATES - 1, -3.0, 2.0]
    ranks = _ranks(0, 0, 0, 0, 1, 1, 1, 1)
    found = without_duplicates(_column(*few, *many), ranks).tolist()
    assert found == [0.0, 0.0, 0.0, 2.0, *many]
    alone = _column(0.0, 5.0)
    assert without_duplicates(alone, _ranks(0, 0)) is alone


@pytest.mark.parametrize(
    ("lost", "is_possible"),
    [
        (5 * MOST_LOST_PER_S, True),
        (5 * MOST_LOST_PER_S + 1, False),
        (-5 * MOST_LOST_PER_S - 1, False),
        (inf, False),
        (nan, True),
    ],
)
def test_loss_of_a_stream_without_packets_is_limited_to_the_rate_of_one_second(
    lost: float, is_possible: bool
) -> None:
    found = are_possible_losses(_column(lost), _column(5.0), _column(0.0), _ranks(0))
    assert _listed(found) == [is_possible]


def test_the_possible_loss_grows_with_the_packet_rate_of_the_stream() -> None:
    lost, came = _column(45_000.0, 0.0, 45_000.0), _column(0.0, 5_000.0, 0.0)
    found = are_possible_losses(lost, _column(5.0, 5.0, 5.0), came, _ranks(0, 0, 1))
    assert _listed(found) == [True, True, False]


@pytest.mark.parametrize(
    ("over", "is_possible"), [(0, True), (LATE_PACKETS + LATE_S * 50, True), (321, False)]
)
def test_remote_loss_is_at_most_the_packets_sent_with_a_tolerance(
    over: float, is_possible: bool
) -> None:
    reports = _reports(SENT, [0, 0, 0], packets_sent=[0, 250, 500])
    found = are_possible_reports(_column(250 + over), _column(250.0), reports, _ranks(2))
    assert _listed(found) == [is_possible]


def test_the_rate_of_another_stream_does_not_raise_the_possible_loss() -> None:
    reports = _reports(SENT, [0, 0, 1, 1], packets_sent=[0, 5, 9_000, 90_000])
    found = are_possible_reports(_column(500.0, 500.0), _column(5.0, 5.0), reports, _ranks(1, 3))
    assert _listed(found) == [False, True]


def test_impossible_counts_are_left_out_alone() -> None:
    reports = _reports(
        RECEIVED,
        [0, 0],
        nack_count=[3, MOST_COUNTED],
        packets_received=[9, MOST_COUNTED - 1],
        packets_lost_signed=[2, 2**32 - 1],
    )
    leave_out_impossible(reports)
    assert floats(reports.get("nack_count")) == [3, None]
    assert floats(reports.get("packets_received")) == [9, MOST_COUNTED - 1]
    assert floats(reports.get("packets_lost_signed")) == [2, -1]


def test_a_packet_counter_that_stays_constant_while_bytes_grow_is_left_out() -> None:
    reports = _reports(
        SENT,
        [0, 0, 1, 1, 2, 2],
        packets_sent=[0, 0, 0, 8, 0, 0],
        bytes_sent=[0, 900, 50, 900, 0, 0],
    )
    leave_out_impossible(reports)
    assert floats(reports.get("packets_sent")) == [None, None, 0, 8, 0, 0]


def test_jitter_and_audio_levels_in_other_units_are_left_out_for_their_stream() -> None:
    reports = _reports(
        RECEIVED,
        [0, 0, 1, 1, 2, 2],
        jitter_s=[2.0, 30.0, 0.02, 1.5, 0.5, 75.0],
        audio_level=[0.0, 40.0, 0.5, 1.0, 0.7, 1.1],
    )
    leave_out_impossible(reports)
    assert floats(reports.get("jitter_s")) == [None, None, 0.02, 1.5, 0.5, None]
    assert floats(reports.get("audio_level")) == [0.0, None, 0.5, 1.0, None, None]


def test_an_rtt_not_in_seconds_is_left_out_with_its_total() -> None:
    reports = _reports(
        SENT,
        [0, 0, 1, 1],
        remote_round_trip_time=[0.05, 120.0, 0.0, 0.05],
        remote_total_round_trip_time=[0.05, 120.05, 0.0, 0.05],
        pair_rtt_s=[0.05, 120.0, 0.0, 0.05],
    )
    leave_out_impossible(reports)
    assert floats(reports.get("remote_round_trip_time")) == [0.05, None, None, 0.05]
    assert floats(reports.get("remote_total_round_trip_time")) == [None, None, 0.0, 0.05]
    assert floats(reports.get("pair_rtt_s")) == [0.05, None, 0.0, 0.05]
