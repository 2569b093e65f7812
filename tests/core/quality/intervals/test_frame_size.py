from typing import Any

import pytest

from aftercall.core.quality.interval_columns.columns import floats
from aftercall.core.quality.intervals.frame_size import longer_sides
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import interval, table_of


@pytest.mark.parametrize(
    ("width", "height", "longer"),
    [(320, 180, 320), (180, 320, 320), (640, None, 640), (None, 360, 360), (None, None, None)],
)
def test_the_longer_side_is_the_larger_known_dimension(
    width: int | None, height: int | None, longer: int | None
) -> None:
    members: dict[str, Any] = {"frame_width": width, "frame_height": height}
    table = table_of([interval(Family.VIDEO_CONSUMER, **members)])
    assert floats(longer_sides(table, "frame")) == [longer]


def test_the_displayed_size_is_separate_from_the_frame_size() -> None:
    table = table_of([interval(Family.VIDEO_CONSUMER, frame_width=640, expected_width=160)])
    assert floats(longer_sides(table, "expected")) == [160]
