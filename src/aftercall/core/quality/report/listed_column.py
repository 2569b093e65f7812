"""A column that takes few values. numpy is not imported here, since codecs are at every start."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class ListedColumn(NamedTuple):
    """The value of row `i` is `values[which[i]]`; NaN stands for what is not known."""

    values: list[float]
    which: "npt.NDArray[np.int64]"

    def take(self, places: "npt.NDArray[np.intp]") -> "ListedColumn":
        """The rows at these places, in their order."""
        return ListedColumn(self.values, self.which[places])

    @property
    def doubles(self) -> "npt.NDArray[np.float64]":
        """The value of each row."""
        import numpy as np  # noqa: PLC0415 - numpy

        return np.array(self.values, dtype=np.float64)[self.which]
