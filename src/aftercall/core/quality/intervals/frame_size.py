"""Frame sizes, whichever way the camera is held."""

from typing import Literal

import numpy as np

from aftercall.core.quality.interval_columns.columns import FloatArray
from aftercall.core.quality.interval_columns.interval_table import IntervalTable


def longer_sides(table: IntervalTable, of: Literal["frame", "expected", "source"]) -> FloatArray:
    """The longer side of the pictures in px: 180 × 320 counts as 320 × 180. The width if the height
    is unknown."""
    longer: FloatArray = np.fmax(*table.columns(f"{of}_width", f"{of}_height"))
    return longer
