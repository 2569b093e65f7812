"""A peer's reports in one block.

Reports of one peer are alike: the same members, counters that grow evenly. They are therefore
turned on their side, a column for each member, and numbers are kept as the differences of their
neighbours, before zstd sees them. What comes out decodes to the same JSON that went in.
"""

from collections.abc import Sequence
from itertools import accumulate
from operator import sub
from typing import Any, Final

import msgspec
import zstandard

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredSample

LEVEL: Final = 19
"""zstd level of a segment: written once, kept for ever."""

_WIDEST: Final = 1 << 62
"""Differences beyond this are not written: JSON readers keep integers of 64 bits."""

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


def pack(samples: Sequence[StoredSample]) -> bytes:
    """Samples in one block. Their bodies must be JSON."""
    table = {
        "sequence": _column([sample.sequence for sample in samples]),
        "at": _column([sample.at for sample in samples]),
        "received_at": _column([sample.received_at for sample in samples]),
        "body": _column([_decode(sample.body) for sample in samples]),
    }
    return zstandard.ZstdCompressor(level=LEVEL).compress(_encode(table))


def unpack(peer_id: str, block: bytes) -> list[StoredSample]:
    """The samples of a block, in the order they were packed in."""
    table = _decode(zstandard.ZstdDecompressor().decompress(block))
    return [
        StoredSample(
            peer_id=peer_id,
            sequence=sequence,
            at=EpochMs(at),
            received_at=EpochMs(received_at),
            body=_encode(body),
        )
        for sequence, at, received_at, body in zip(
            _values(table["sequence"]),
            _values(table["at"]),
            _values(table["received_at"]),
            _values(table["body"]),
            strict=True,
        )
    ]


def _column(values: list[Any]) -> dict[str, Any]:
    """A column in the form that suits its values. The forms:

    `{"same": value, "n": n}`: all alike; `{"ints": [first, differences…]}`;
    `{"floats": [first, differences…], "decimals": d}`: in units of the last decimal;
    `{"members": {name: [where, column]}, "n": n}`: objects, `where` the places that have the
    member, `null` for all; `{"items": [column per index], "sizes": column}`: arrays;
    `{"any": values}`: as they are.
    """
    first = values[0]
    kinds = set(map(type, values))
    if len(kinds) > 1:
        return {"any": values}
    if first.__class__ is dict:
        return _objects(values)
    if first.__class__ is list:
        return _arrays(values)
    if first.__class__ is float:
        return _floats(values)
    if values.count(first) == len(values):
        return {"same": first, "n": len(values)}
    if first.__class__ is int:
        differences = _differences(values)
        return {"ints": differences} if _is_narrow(differences) else {"any": values}
    return {"any": values}


def _values(column: dict[str, Any]) -> list[Any]:
    """The inverse of `_column`."""
    if "same" in column:
        return [column["same"]] * int(column["n"])
    if "ints" in column:
        return list(accumulate(column["ints"]))
    if "floats" in column:
        return _from_units(column["floats"], column["decimals"])
    if "members" in column:
        return _to_objects(column)
    if "items" in column:
        return _to_arrays(column)
    values: list[Any] = column["any"]
    return values


def _differences(values: list[int]) -> list[int]:
    return [values[0], *map(sub, values[1:], values)]


def _is_narrow(differences: list[int]) -> bool:
    return max(differences) < _WIDEST and min(differences) > -_WIDEST


def _floats(values: list[float]) -> dict[str, Any]:
    texts = list(map(repr, values))
    if texts.count(texts[0]) == len(texts):
        return {"same": values[0], "n": len(values)}
    decimals = max(len(text) - text.find(".") - 1 for text in texts)
    # Neither a power of ten nor a negative zero survives as an integer of units.
    if not any("e" in text or text == "-0.0" for text in texts):
        units = [
            int(whole + part.ljust(decimals, "0"))
            for whole, _, part in (text.partition(".") for text in texts)
        ]
        differences = _differences(units)
        if _is_narrow(differences) and _from_units(differences, decimals) == values:
            return {"floats": differences, "decimals": decimals}
    return {"any": values}


def _from_units(differences: list[int], decimals: int) -> list[float]:
    scale = 10**decimals
    # True division of integers rounds correctly, so this is the float that was written.
    return [units / scale for units in accumulate(differences)]


def _objects(values: list[dict[str, Any]]) -> dict[str, Any]:
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    for place, value in enumerate(values):
        for name, member in value.items():
            places, members = columns.setdefault(name, ([], []))
            places.append(place)
            members.append(member)
    return {
        "members": {
            name: [
                None if len(places) == len(values) else _differences(places),
                _column(members),
            ]
            for name, (places, members) in columns.items()
        },
        "n": len(values),
    }


def _to_objects(column: dict[str, Any]) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = [{} for _ in range(column["n"])]
    for name, (where, members) in column["members"].items():
        places = range(len(objects)) if where is None else accumulate(where)
        for place, member in zip(places, _values(members), strict=True):
            objects[place][name] = member
    return objects


def _arrays(values: list[list[Any]]) -> dict[str, Any]:
    """Arrays by index: a stream keeps its place in the list from one report to the next."""
    longest = max(map(len, values))
    return {
        "items": [
            _column([value[index] for value in values if len(value) > index])
            for index in range(longest)
        ],
        "sizes": _column([len(value) for value in values]),
    }


def _to_arrays(column: dict[str, Any]) -> list[list[Any]]:
    arrays: list[list[Any]] = [[] for _ in _values(column["sizes"])]
    sizes = _values(column["sizes"])
    for index, items in enumerate(column["items"]):
        taken = iter(_values(items))
        for array, size in zip(arrays, sizes, strict=True):
            if size > index:
                array.append(next(taken))
    return arrays
