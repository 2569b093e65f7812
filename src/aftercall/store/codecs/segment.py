"""A peer's samples in one block.

Samples of one peer have the same members, and counters that grow evenly. They are turned into
columns, one for each member, and numbers are encoded (`store.codecs.delta_shuffle`) before zstd
compresses them. A block decodes to the same JSON that was encoded.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

import msgspec
import zstandard

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredSample
from aftercall.store.codecs.delta_shuffle import LARGEST, decode, encode, plane_lengths
from aftercall.store.codecs.plane_groups import compress, order_of, take_apart
from aftercall.store.codecs.split_doubles import SplitDoubles, join_doubles, split_doubles

LEVEL: Final = 9
"""zstd level of a segment. Measured on an hour of 20 streams: level 6 takes 1 % more bytes, levels
12 to 19 save 0.2 to 0.6 %."""

_MARK: Final = b"\x02"
"""Begins a block whose numbers are in planes. In older blocks all is JSON, which begins with `{`
and holds differences where newer ones hold a column's place."""

_HEAD_BYTES: Final = 4
"""The length of the JSON, after the mark."""

_SEPARATOR: Final = "\n"

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode

Column = dict[str, Any]


def pack(samples: Sequence[StoredSample]) -> bytes:
    """Encode samples, whose bodies must be JSON, as one block."""
    writer = _Writer()
    table = {
        "sequence": writer.column([sample.sequence for sample in samples]),
        "at": writer.column([sample.at for sample in samples]),
        "received_at": writer.column([sample.received_at for sample in samples]),
        "body": writer.column([_decode(sample.body) for sample in samples]),
    }
    writer.split_floats()
    heads, planes = encode(writer.numbers)
    order = order_of(planes)
    head = _encode({**table, "numbers": heads, "order": order})
    prefix = b"".join((_MARK, len(head).to_bytes(_HEAD_BYTES, "little"), head))
    return compress(prefix, [planes[place] for place in order], level=LEVEL)


def unpack(peer_id: str, block: bytes) -> list[StoredSample]:
    """The samples of a block, in the order in which they were packed."""
    plain = zstandard.ZstdDecompressor().decompress(block)
    if plain.startswith(_MARK):
        start = len(_MARK) + _HEAD_BYTES
        end = start + int.from_bytes(plain[len(_MARK) : start], "little")
        table = _decode(plain[start:end])
        lengths = plane_lengths(table["numbers"])
        # Older blocks hold the planes as they were encoded.
        planes = take_apart(plain[end:], lengths, table.get("order", range(len(lengths))))
        columns = decode(table["numbers"], planes)
        reader = _Reader([column.tolist() for column in columns])
    else:
        table = _decode(plain)
        reader = _Reader([])
    return [
        StoredSample(
            peer_id=peer_id,
            sequence=sequence,
            at=EpochMs(at),
            received_at=EpochMs(received_at),
            body=_encode(body),
        )
        for sequence, at, received_at, body in zip(
            reader.values(table["sequence"]),
            reader.values(table["at"]),
            reader.values(table["received_at"]),
            reader.values(table["body"]),
            strict=True,
        )
    ]


class _Writer:
    """Makes columns; `numbers` are those whose place the columns name.

    The forms of a column:

    - `{"same": value, "n": n}`: all alike;
    - `{"ints": place}`: whole numbers;
    - `{"floats": place, "decimals": d}`: in units of the last decimal;
    - `{"floats": place, "decimals": d, "ulps": place}`: the same, and by how many units in the last
      place of the double each value differs: sums of decimals carry their rounding errors;
    - `{"bits": [place, place]}`: the upper and the lower halves of doubles;
    - `{"members": {name: [where, column]}, "n": n}`: objects; `where` is the place of the rows
      that have the member, `null` for all;
    - `{"keyed": {key: [where, column]}, "orders": [order], "which": column}`: arrays of objects
      that have a key of their own, by key; an order is an array's keys in its order, and `which`
      says the place of each array's;
    - `{"items": [column per index], "sizes": column}`: other arrays;
    - `{"any": values}`: as they are.
    """

    def __init__(self) -> None:
        self.numbers: list[list[int]] = []
        self._floats: list[tuple[Column, list[float]]] = []
        """Columns that are empty until `split_floats`."""

    def column(self, values: list[Any]) -> Column:
        first = values[0]
        if len(set(map(type, values))) > 1:
            return {"any": values}
        if first.__class__ is dict:
            return {"members": self._members(values), "n": len(values)}
        if first.__class__ is list:
            return self._arrays(values)
        if first.__class__ is float:
            return self._float_column(values)
        if values.count(first) == len(values):
            return {"same": first, "n": len(values)}
        if first.__class__ is int and _is_narrow(values):
            return {"ints": self._place(values)}
        return {"any": values}

    def _place(self, numbers: list[int]) -> int:
        self.numbers.append(numbers)
        return len(self.numbers) - 1

    def _float_column(self, values: list[float]) -> Column:
        if values.count(values[0]) == len(values) and len(set(map(repr, values))) == 1:
            return {"same": values[0], "n": len(values)}
        column: Column = {}
        self._floats.append((column, values))
        return column

    def split_floats(self) -> None:
        """Fill the columns of floats, all at once."""
        found = split_doubles([values for _, values in self._floats])
        for (column, _), split in zip(self._floats, found, strict=True):
            if split.decimals is None:
                column["bits"] = [self._place(split.units), self._place(split.rest)]
                continue
            column |= {"floats": self._place(split.units), "decimals": split.decimals}
            if any(split.rest):
                column["ulps"] = self._place(split.rest)

    def _members(self, values: list[dict[str, Any]]) -> dict[str, list[Any]]:
        first = values[0].keys()
        if all(map(first.__eq__, map(dict.keys, values))):
            return {name: [None, self.column([value[name] for value in values])] for name in first}
        found: dict[str, tuple[list[int], list[Any]]] = {}
        for row, value in enumerate(values):
            for name, member in value.items():
                rows, members = found.setdefault(name, ([], []))
                rows.append(row)
                members.append(member)
        return {
            name: [None if len(rows) == len(values) else self._place(rows), self.column(members)]
            for name, (rows, members) in found.items()
        }

    def _arrays(self, values: list[list[Any]]) -> Column:
        keyed = _by_key(values)
        if keyed is not None:
            orders = [_SEPARATOR.join(each) for each in keyed]
            kinds = {order: place for place, order in enumerate(dict.fromkeys(orders))}
            which = self.column([kinds[order] for order in orders])
            return {"keyed": self._members(keyed), "orders": list(kinds), "which": which}
        longest = max(map(len, values))
        return {
            "items": [
                self.column([value[index] for value in values if len(value) > index])
                for index in range(longest)
            ],
            "sizes": self.column([len(value) for value in values]),
        }


class _Reader:
    """The inverse of `_Writer`."""

    def __init__(self, numbers: list[list[int]]) -> None:
        self._numbers = numbers

    def values(self, column: Column) -> list[Any]:
        if "same" in column:
            return [column["same"]] * int(column["n"])
        if "ints" in column:
            return self._at(column["ints"])
        if "floats" in column:
            units = self._at(column["floats"])
            if "ulps" not in column:
                return _in_units(units, column["decimals"])
            return join_doubles(SplitDoubles(column["decimals"], units, self._at(column["ulps"])))
        if "bits" in column:
            return join_doubles(SplitDoubles(None, *map(self._at, column["bits"])))
        if "members" in column:
            return self._objects(column["members"], column["n"])
        if "keyed" in column:
            return self._keyed(column)
        if "items" in column:
            return self._arrays(column)
        values: list[Any] = column["any"]
        return values

    def _at(self, place: int | list[int]) -> list[int]:
        return list(accumulate(place)) if isinstance(place, list) else self._numbers[place]

    def _objects(self, members: dict[str, list[Any]], count: int) -> list[dict[str, Any]]:
        objects: list[dict[str, Any]] = [{} for _ in range(count)]
        for name, (where, column) in members.items():
            rows = range(count) if where is None else self._at(where)
            for row, member in zip(rows, self.values(column), strict=True):
                objects[row][name] = member
        return objects

    def _keyed(self, column: Column) -> list[list[Any]]:
        orders = [order.split(_SEPARATOR) if order else [] for order in column["orders"]]
        which = self.values(column["which"])
        objects = self._objects(column["keyed"], len(which))
        return [
            [each[key] for key in orders[place]] for place, each in zip(which, objects, strict=True)
        ]

    def _arrays(self, column: Column) -> list[list[Any]]:
        arrays: list[list[Any]] = [[] for _ in self.values(column["sizes"])]
        sizes = self.values(column["sizes"])
        for index, items in enumerate(column["items"]):
            taken = iter(self.values(items))
            for array, size in zip(arrays, sizes, strict=True):
                if size > index:
                    array.append(next(taken))
        return arrays


def _is_narrow(numbers: list[int]) -> bool:
    return max(numbers) < LARGEST and min(numbers) > -LARGEST


def _in_units(units: list[int], decimals: int) -> list[float]:
    scale = 10**decimals
    # True division of integers rounds correctly, so this is the float that was written.
    return [each / scale for each in units]


def _by_key(arrays: list[list[Any]]) -> list[dict[str, Any]] | None:
    """Each array as an object, its elements by key, in the array's order; `None` unless every
    element has a key, and one of its own."""
    keyed: list[dict[str, Any]] = []
    for array in arrays:
        elements = {key: each for each in array if (key := _key(each)) is not None}
        if len(elements) != len(array):
            return None
        keyed.append(elements)
    return keyed


def _key(element: Any) -> str | None:
    """The key by which a stats object, or a stream's tag, is found again in every sample; `None`
    for an element without one."""
    if element.__class__ is not dict:
        return None
    key = element.get("id")
    if key.__class__ is not str:
        parts = [element.get(name) for name in ("connection", "direction", "ssrc", "mid")]
        key = "/".join([str(part) for part in parts if isinstance(part, str | int)])
    return key if key and _SEPARATOR not in key else None
