"""A large JSON text, read part by part and never as a whole."""

from collections.abc import Iterator
from typing import Any, Final

import ijson

from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import BadDump

DEEPEST: Final = 64
"""Levels of arrays and objects. Chosen: dumps have eight."""

MOST_NODES: Final = 500_000
"""Values in one part. Chosen: the report of a conference of a thousand streams has 60,000."""

_OPENS: Final = frozenset({"start_map", "start_array"})
_CLOSES: Final = frozenset({"end_map", "end_array"})


class Cut(Exception):
    """The text ends in the middle, or is no JSON from here on."""


class End(Cut):
    """The text is at its end."""


class JsonParts:
    """Reads JSON values, one after the other. Members and items must be consumed one by one, by
    `value`, `skip`, or the iteration over theirs. Raises `Cut` where the text breaks, `BadDump` for
    a hostile one."""

    def __init__(self, data: DumpBytes) -> None:
        self._events = ijson.basic_parse(data, use_float=True, multiple_values=True)
        self._next: tuple[str, Any] | None = None
        self._depth = 0

    @property
    def is_whole(self) -> bool:
        """Whether the values that were begun are at their ends."""
        return self._depth == 0

    def documents(self) -> Iterator[None]:
        """Once for each value of the text, of which there may be several, one after the other or in
        a list. Raises `Cut` where what follows is none."""
        while True:
            try:
                kind = self.kind()
            except End:
                if not self.is_whole:
                    raise
                return
            if kind == "start_array":
                yield from self.items()
            else:
                yield

    def kind(self) -> str:
        """What comes next: `start_map`, `start_array`, or the kind of a plain value."""
        if self._next is None:
            self._next = self._pull()
        return self._next[0]

    def members(self) -> Iterator[str]:
        """The names of the object that comes next; nothing if something else does."""
        if self.kind() != "start_map":
            self.skip()
            return
        self._take()
        while True:
            event, value = self._take()
            if event == "end_map":
                return
            yield str(value)

    def items(self) -> Iterator[None]:
        """Once for each item of the array that comes next; nothing if something else does."""
        if self.kind() != "start_array":
            self.skip()
            return
        self._take()
        while self.kind() != "end_array":
            yield
        self._take()

    def value(self, most_nodes: int = MOST_NODES) -> Any:
        """The value that comes next, as a whole."""
        event, value = self._take()
        if event not in _OPENS:
            return value
        root: Any = {} if event == "start_map" else []
        stack, names = [root], [""]
        for _ in range(most_nodes):
            event, value = self._take()
            if event == "map_key":
                names[-1] = str(value)
                continue
            if event in _CLOSES:
                stack.pop()
                names.pop()
                if not stack:
                    return root
                continue
            new: Any = {} if event == "start_map" else [] if event == "start_array" else value
            if isinstance(stack[-1], dict):
                stack[-1][names[-1]] = new
            else:
                stack[-1].append(new)
            if event in _OPENS:
                stack.append(new)
                names.append("")
        raise BadDump("A part of the dump has more values than any browser writes.")

    def skip(self) -> None:
        """Pass over the value that comes next."""
        level = 0
        while True:
            event, _ = self._take()
            if event in _OPENS:
                level += 1
            elif event in _CLOSES:
                level -= 1
            if level <= 0:
                return

    def _take(self) -> tuple[str, Any]:
        if self._next is not None:
            taken, self._next = self._next, None
            return taken
        return self._pull()

    def _pull(self) -> tuple[str, Any]:
        try:
            event, value = next(self._events)
        except StopIteration:
            raise End from None
        except ijson.JSONError as error:
            raise Cut from error
        if event in _OPENS:
            self._depth += 1
            if self._depth > DEEPEST:
                raise BadDump("The dump is nested too deeply.")
        elif event in _CLOSES:
            self._depth -= 1
        return event, value
