"""getStats reports that are written as differences from the report before.

Two rules exist, and they contradict each other: in a report of rtcstats' protocols 4 and 5 an
object that is absent has not changed, in one of Jitsi's protocol 3.1 it is gone. A decoder keeps
the state of one connection.
"""

from typing import Any, Final

from aftercall.ingest.rtcstats.tables import MEMBERS, STATS_TYPES

MOST_OBJECTS: Final = 20_000
"""Stats objects that a connection may have at a time. Chosen; more are refused."""

MOST_MEMBERS: Final = 256
"""Members that a stats object may have. Chosen: browsers write a third of it; more are refused."""

Report = dict[str, dict[str, Any]]
"""Stats objects by id, each with its members `id`, `type` and `timestamp`."""


class TooManyObjects(ValueError):
    """A connection has more stats objects, or one of them more members, than any browser keeps."""


class NumberedDelta:
    """Decodes the reports of one connection from rtcstats' protocol 4 or 5: names are numbers,
    `null` removes an object, an absent object is unchanged."""

    def __init__(self) -> None:
        self._objects: Report = {}

    def decode(self, delta: dict[str, Any]) -> Report:
        """The whole report, of which `delta` is the difference from the one before."""
        newest = _number(delta.get("t", delta.get("timestamp")))
        for id, change in delta.items():
            if id in ("t", "timestamp"):
                continue
            if change is None:
                self._objects.pop(id, None)
            elif isinstance(change, dict):
                # A changed object is a new one: who holds the last report keeps its values.
                self._objects[id] = _applied(self._objects.get(id), id, change, newest)
                if len(self._objects[id]) > MOST_MEMBERS:
                    raise TooManyObjects
        if len(self._objects) > MOST_OBJECTS:
            raise TooManyObjects
        if newest is not None:
            for id, known in self._objects.items():
                if id not in delta:
                    self._objects[id] = {**known, "timestamp": newest}
        return dict(self._objects)


class NamedDelta:
    """Decodes the reports of one connection from Jitsi's protocol 3.1: names are whole, an absent
    object is gone, a time of 0 is the newest of the report."""

    def __init__(self) -> None:
        self._objects: Report = {}

    def decode(self, delta: dict[str, Any]) -> Report:
        """The whole report, of which `delta` is the difference from the one before."""
        newest = _number(delta.get("timestamp"))
        objects: Report = {}
        for id, change in delta.items():
            if not isinstance(change, dict):
                continue
            merged = {**self._objects.get(id, {}), **change, "id": id}
            if not merged.get("timestamp") and newest is not None:
                merged["timestamp"] = newest
            if len(merged) > MOST_MEMBERS:
                raise TooManyObjects
            objects[id] = merged
        if len(objects) > MOST_OBJECTS:
            raise TooManyObjects
        self._objects = objects
        return dict(objects)


def _applied(
    known: dict[str, Any] | None, id: str, change: dict[str, Any], newest: float | None
) -> dict[str, Any]:
    merged: dict[str, Any] = {} if known is None else dict(known)
    has_time = False
    for number, value in change.items():
        name = MEMBERS.get(number, number)
        if name == "timestamp":
            has_time = True
        if name == "type":
            value = STATS_TYPES.get(str(value), value)
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            value = {**merged[name], **value}
        merged[name] = value
    if not has_time and newest is not None:
        merged["timestamp"] = newest
    merged["id"] = id
    return merged


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None  # type: ignore[return-value]
