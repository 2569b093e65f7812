"""Invariants of reports with any history: several streams, layers, remote reports, resets, clock
steps."""

import json
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.intervals.deltas import IntervalReader, read_intervals
from aftercall.core.quality.intervals.report_order import CLOCK_STEP_MS, CLOCK_STEP_SHARE
from aftercall.core.quality.report.fold import FoldResult, PeerFacts, fold
from aftercall.core.quality.report.rollup import Rollup, roll_up
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.quality.stats.report_linker import Family, Sample, normalise
from aftercall.core.records import StoredSample
from tests.core.quality.report_histories import MOST, Report, histories
from tests.core.quality.synthetic_call import Call

SLACK = 1 + 1e-6
"""Of a rate, for the arithmetic of floats."""


def _samples(reports: Sequence[Report]) -> list[Sample]:
    return [normalise(decode_body(report.body), report.at) for report in reports]


def _facts(reports: Sequence[Report], peer_id: str = "ada") -> PeerFacts:
    """A peer that was there for all of them."""
    samples = [
        StoredSample(
            peer_id=peer_id, sequence=number, at=each.at, received_at=each.at, body=each.body
        )
        for number, each in enumerate(reports)
    ]
    peer = Call([peer_id], minutes=0.1).peer(peer_id)
    joined_at, left_at = reports[0].at, reports[-1].at
    peer = structs.replace(peer, joined_at=joined_at, first_heard_at=joined_at, left_at=left_at)
    return PeerFacts(peer=peer, samples=samples, events=[])


def _fold(*participant_peers: PeerFacts) -> FoldResult:
    assert participant_peers[-1].peer.left_at is not None
    return fold(participant_peers, participant_peers[-1].peer.left_at)


@given(histories())
def test_no_rate_exceeds_what_was_transferred(reports: list[Report]) -> None:
    """Whatever counters restart and clocks step, rates are neither negative nor huge."""
    for i in read_intervals(_samples(reports)):
        assert i.dt_s > 0
        # A fifth is what a clock may be off without having stepped.
        seconds = i.dt_s / (1 - CLOCK_STEP_SHARE)
        limits = {
            "packets_sent": MOST["packets"] * seconds,
            "packets_received": MOST["packets"] * seconds,
            "bytes_sent": MOST["bytes"] * seconds,
            "bytes_received": MOST["bytes"] * seconds,
            "frames": MOST["frames"] * seconds,
            "fps": MOST["frames"],
            "bitrate_bps": 8 * MOST["bytes"],
        }
        for name, most in limits.items():
            value = getattr(i, name)
            assert value is None or 0 <= value <= most * SLACK, name


@given(histories())
def test_every_figure_is_within_its_range(reports: list[Report]) -> None:
    for i in read_intervals(_samples(reports)):
        for name in ("loss_percent", "residual_loss_percent", "concealment_percent"):
            value = getattr(i, name)
            assert value is None or 0 <= value <= 100, name
        for name in ("packets_lost", "packets_expected", "packets_discarded", "freeze_s",
                     "jitter_buffer_ms", "rtt_s", "key_frames", "pli_count"):  # fmt: skip
            value = getattr(i, name)
            assert value is None or value >= 0, name
        assert i.score is None or 0 <= i.score <= 1
        assert i.mos is None or 1 <= i.mos <= (4.5 if "audio" in i.family else 5)
        assert i.freeze_share is None or 0 <= i.freeze_share <= 1
        assert i.burst_ratio is None or i.burst_ratio >= 1


@given(histories())
def test_intervals_of_a_stream_overlap_by_at_most_the_clock_tolerance(
    reports: list[Report],
) -> None:
    group_by_stream: dict[object, list[Interval]] = {}
    for i in read_intervals(_samples(reports)):
        group_by_stream.setdefault((i.key, i.family), []).append(i)
    for stream in group_by_stream.values():
        for one, other in pairwise(stream):
            differ_ms = max(CLOCK_STEP_MS, CLOCK_STEP_SHARE * 1000 * other.dt_s)
            assert one.at <= other.at - other.dt_s * 1000 + differ_ms


@given(histories(), st.integers(0, 2**32))
def test_order_and_repetition_of_reports_do_not_matter(reports: list[Report], seed: int) -> None:
    dice = Random(seed)
    shuffled = reports + dice.sample(reports, len(reports) // 2)
    dice.shuffle(shuffled)
    one = _fold(_facts(reports))
    other = _fold(structs.replace(_facts(reports), samples=_facts(shuffled).samples))
    assert _rows(other) == _rows(one)
    assert _received(other) == _received(one)
    assert other.verdict.cumulative == one.verdict.cumulative


def _rows(folded: FoldResult) -> dict[str, list[str]]:
    """The intervals by family; those of one time are in no particular order."""
    return {
        family: sorted(json.dumps(row, sort_keys=True) for row in json.loads(bytes(rows)))
        for family, rows in folded.details.rows.items()
    }


def _received(folded: FoldResult) -> list[list[object]]:
    """What was received of each kind, with what adds up in floats rounded."""
    return [
        [
            *(part.packets, part.packets_lost, part.bytes, part.seconds),
            *(part.scores, round(part.score_total, 9)),
            *(part.first_at, part.last_at, bytes(part.moments)),
        ]
        for each in folded.details.receptions
        for part in (each.audio, each.video)
    ]


def _rollups(reports: Sequence[Report]) -> dict[Family, Rollup]:
    reader = IntervalReader()
    for sample in _samples(reports):
        reader.take(sample)
    tables = reader.read().tables
    return {family: roll_up(family, [t for t in tables if t.family is family]) for family in Family}


def _cut(reports: list[Report], places: set[int]) -> list[list[Report]]:
    """The pieces of a history. The report at a cut is the last of one piece and the first of the
    next, since an interval needs two."""
    edges = [0, *sorted(places), len(reports) - 1]
    return [reports[start : end + 1] for start, end in pairwise(edges) if end > start]


@given(histories(is_steady=True, max_reports=9), st.data())
def test_rollups_of_any_pieces_add_up_to_the_whole(
    reports: list[Report], data: st.DataObject
) -> None:
    pieces = _cut(reports, data.draw(st.sets(st.integers(1, len(reports) - 1))))
    data.draw(st.randoms(use_true_random=False)).shuffle(pieces)
    whole = _rollups(reports)
    parts = [_rollups(piece) for piece in pieces]
    for family in Family:
        added = Rollup(family)
        for part in parts:
            added = added + part[family]
        assert added == whole[family]


@given(histories(is_steady=True, max_reports=9), st.data())
def test_a_participant_of_many_peers_has_the_figures_of_one(
    reports: list[Report], data: st.DataObject
) -> None:
    pieces = _cut(reports, data.draw(st.sets(st.integers(1, len(reports) - 1))))
    participant_peers = [_facts(piece, f"ada-{number}") for number, piece in enumerate(pieces)]
    data.draw(st.randoms(use_true_random=False)).shuffle(participant_peers)
    whole = _fold(_facts(reports))
    assert fold(participant_peers, reports[-1].at).verdict.cumulative == whole.verdict.cumulative


@given(histories())
def test_every_issue_lies_within_the_stay_and_counts_its_samples(reports: list[Report]) -> None:
    folded = _fold(_facts(reports))
    for issue in folded.verdict.issues:
        assert reports[0].at <= issue.first_at <= issue.last_at <= reports[-1].at
        assert 1 <= issue.sample_count <= len(reports)
        assert all(value >= 0 for value in issue.worst.values())


@pytest.mark.parametrize("family", list(Family))
def test_a_family_without_reports_has_no_values(family: Family) -> None:
    assert family.value not in _fold(_facts(_EMPTY)).verdict.cumulative


_EMPTY = [Report(Call(["ada"], minutes=0.1).end_at, b'{"connections":[]}')] * 2
