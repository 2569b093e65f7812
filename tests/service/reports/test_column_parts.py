"""The parts of a stored report that are columns, unpacked to the byte."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.quality.report.receive_stats import (
    MediaReception,
    PeerReception,
    ReceptionPoint,
)
from aftercall.core.quality.report.row_columns import row_columns
from aftercall.core.quality.report.write_interval_rows import write_rows
from aftercall.core.quality.stats.report_linker import Family
from aftercall.service.reports.column_parts import (
    pack_receptions,
    pack_rows,
    unpack_receptions,
    unpack_rows,
)
from tests.core.quality.interval_builder import stream_intervals, table_of


@pytest.mark.parametrize("family", list(Family))
@given(data=st.data())
@settings(max_examples=30)
def test_packed_rows_are_the_same_to_the_byte(family: Family, data: st.DataObject) -> None:
    parts = data.draw(st.lists(stream_intervals(family), max_size=3))
    tables = [table_of(intervals) for intervals in parts if intervals]
    packed = pack_rows(row_columns(tables))
    assert b"".join(unpack_rows(family, packed)) == write_rows(tables)


COUNTS = st.none() | st.integers(0, 1 << 40)
SHARES = st.none() | st.floats(0, 1) | st.integers(0, 1_000_000).map(lambda n: n / 1_000_000)
POINTS = st.lists(
    st.builds(
        ReceptionPoint,
        timestamp=st.integers(0, 1 << 41).map(lambda at: format_iso(EpochMs(at))),
        quality=SHARES,
        jitter=SHARES,
        packets_lost=COUNTS,
        concealment_events=COUNTS,
        frame_width=COUNTS,
        frame_height=COUNTS,
        frames_dropped=COUNTS,
        frames_per_second=SHARES,
    ),
    max_size=12,
)
MEDIA = st.builds(
    MediaReception,
    packets=st.integers(0, 1 << 40),
    score_total=st.floats(0, 1e6),
    first_at=st.none() | st.integers(0, 1 << 41).map(EpochMs),
    moments=POINTS.map(lambda points: msgspec.Raw(msgspec.json.encode(points))),
)
RECEPTIONS = st.builds(
    PeerReception,
    peer_id=st.text(),
    start_at=st.just(EpochMs(7)),
    end_at=st.none() | st.just(EpochMs(9)),
    audio=MEDIA,
    video=MEDIA,
)


@given(st.lists(RECEPTIONS, max_size=3))
def test_packed_receptions_are_the_same(receptions: list[PeerReception]) -> None:
    assert unpack_receptions(pack_receptions(receptions)) == receptions
