"""Columns of doubles in one block, with a head of JSON; NaN stands for what is not known.

A column becomes integers (`store.codecs.delta_shuffle`), in the first of these forms that fits:

- `{"same": value}`: all alike;
- `{"values": [value], "which": place}`: few values; or with `"by": column` instead, the value for
  each place in the values of another column, on which they depend;
- `{"units": place, "decimals": d}`: in units of the last decimal;
- `{"bits": [place, place]}`: the upper and the lower halves of the doubles.

`"known"` is the place of the flags of known values, unless all are. Nothing is rounded.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import zstandard

from aftercall.core.quality.report.listed_column import ListedColumn
from aftercall.store.codecs.delta_shuffle import decode, encode, plane_lengths
from aftercall.store.codecs.plane_groups import compress, order_of, take_apart

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Doubles = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

LEVEL: Final = 9
"""zstd level. Measured on rows of 20 streams: levels 6 to 19 differ by 0.2 % of the bytes."""

_LENGTH_BYTES: Final = 4
_MOST_VALUES: Final = 250
"""Different values of a column that are listed: their places fit in a byte."""

_ROWS_A_VALUE: Final = 8
"""A column with fewer rows for each of its values is not listed."""

_DECIMALS: Final = range(7)
_MOST_UNITS: Final = float(1 << 53)
"""Integers below this are doubles, so that dividing them rounds correctly."""

_HALF_BITS: Final = 32
_LOWER_HALF: Final = (1 << _HALF_BITS) - 1

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode

Form = dict[str, Any]


class _Listed(NamedTuple):
    """A column of few values, while a block is made."""

    column: int
    values: list[float]
    which: "Integers"


def pack(head: Any, columns: "Sequence[Doubles]") -> bytes:
    """Encode columns, none of them empty, and a head that is JSON."""
    forms: list[Form] = []
    numbers: list[Integers] = []
    listed: list[_Listed] = []
    for place, column in enumerate(columns):
        forms.append(_form(place, column, numbers, listed))
    _put_listed(listed, forms, numbers)
    heads, planes = encode(numbers)
    order = order_of(planes)
    plain = _encode([head, [len(column) for column in columns], forms, heads, order])
    prefix = len(plain).to_bytes(_LENGTH_BYTES, "little") + plain
    return compress(prefix, [planes[place] for place in order], level=LEVEL)


def unpack(block: bytes) -> "tuple[Any, list[Doubles | ListedColumn]]":
    """The head and the columns; those that were stored as a list of values stay so. Raises
    `ZstdError` for a block that is not whole."""
    plain = zstandard.ZstdDecompressor().decompress(block)
    end = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "little")
    head, lengths, forms, heads, order = _decode(plain[_LENGTH_BYTES:end])
    numbers = decode(heads, take_apart(plain[end:], plane_lengths(heads), order))
    columns = [
        _column(form, length, forms, numbers) for form, length in zip(forms, lengths, strict=True)
    ]
    return head, columns


def _form(place: int, column: "Doubles", numbers: "list[Integers]", listed: list[_Listed]) -> Form:
    """The form of a column. That of a listed one is completed by `_put_listed`."""
    import numpy as np  # noqa: PLC0415 - numpy

    form: Form = {}
    is_known = ~np.isnan(column)
    if not is_known.all():
        form["known"] = _put(is_known.astype(np.int64), numbers)
        column = column[is_known]
    bits = np.ascontiguousarray(column, dtype=np.float64).view(np.int64)
    if not len(bits) or not np.isfinite(column).all():
        return form | _in_bits(bits, numbers)
    if (bits == bits[0]).all():
        return form | {"same": float(column[0])}
    # Few different values are seen in a part of the column already.
    if len(np.unique(bits[: 8 * _MOST_VALUES])) <= _MOST_VALUES:
        values, which = np.unique(bits, return_inverse=True)
        if len(values) <= min(_MOST_VALUES, len(bits) // _ROWS_A_VALUE):
            listed.append(_Listed(place, values.view(np.float64).tolist(), which))
            return form
    for decimals in _DECIMALS:
        scaled = np.rint(column * 10.0**decimals)
        if np.abs(scaled).max() >= _MOST_UNITS:
            break
        units = scaled.astype(np.int64)
        if ((units / 10.0**decimals).view(np.int64) == bits).all():
            return form | {"units": _put(units, numbers), "decimals": decimals}
    return form | _in_bits(bits, numbers)


def _put(column: "Integers", numbers: "list[Integers]") -> int:
    numbers.append(column)
    return len(numbers) - 1


def _in_bits(bits: "Integers", numbers: "list[Integers]") -> Form:
    if not len(bits):
        return {"bits": None}
    halves = bits >> _HALF_BITS, bits & _LOWER_HALF
    return {"bits": [_put(half, numbers) for half in halves]}


def _put_listed(listed: list[_Listed], forms: list[Form], numbers: "list[Integers]") -> None:
    """Complete the forms of columns of few values; those with the most come first, since others
    may depend on them: a share of loss on the number of lost packets."""
    import numpy as np  # noqa: PLC0415 - numpy

    put: list[_Listed] = []
    for one in sorted(listed, key=lambda one: (-len(one.values), one.column)):
        for other in put:
            if len(other.which) != len(one.which):
                continue
            place_of = np.zeros(len(other.values), dtype=np.int64)
            place_of[other.which] = one.which
            if (place_of[other.which] == one.which).all():
                forms[one.column] |= {
                    "by": other.column,
                    "values": [one.values[place] for place in place_of.tolist()],
                }
                break
        else:
            forms[one.column] |= {"values": one.values, "which": _put(one.which, numbers)}
            put.append(one)


def _column(
    form: Form, length: int, forms: list[Form], numbers: "list[Integers]"
) -> "Doubles | ListedColumn":
    import numpy as np  # noqa: PLC0415 - numpy

    is_known = numbers[form["known"]] == 1 if "known" in form else None
    known_rows = length if is_known is None else int(np.count_nonzero(is_known))
    known = _known(form, known_rows, forms, numbers)
    if is_known is None:
        return known
    if isinstance(known, ListedColumn):
        which = np.full(length, len(known.values), dtype=np.int64)
        which[is_known] = known.which
        return ListedColumn([*known.values, math.nan], which)
    column = np.full(length, np.nan)
    column[is_known] = known
    return column


def _known(
    form: Form, length: int, forms: list[Form], numbers: "list[Integers]"
) -> "Doubles | ListedColumn":
    """The known values of a column."""
    import numpy as np  # noqa: PLC0415 - numpy

    if "same" in form:
        return ListedColumn([float(form["same"])], np.zeros(length, dtype=np.int64))
    if "values" in form:
        listed = forms[form["by"]] if "by" in form else form
        return ListedColumn([float(value) for value in form["values"]], numbers[listed["which"]])
    if "units" in form:
        column: Doubles = numbers[form["units"]] / 10.0 ** form["decimals"]
        return column
    if form["bits"] is None:
        return np.zeros(0)
    upper, lower = (numbers[place] for place in form["bits"])
    column = ((upper << _HALF_BITS) | lower).view(np.float64)
    return column
