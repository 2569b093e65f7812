"""JSON put together from pieces, so that long ones are neither parsed nor copied."""

from typing import Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

_EDGE: Final = b"\xff"
"""A byte that no JSON text holds, because UTF-8 has no use for it."""


class JsonTemplate(Generic[T]):
    """What is around the pieces: a JSON text with a hole for each of them."""

    def __init__(self) -> None:
        self._pieces: list[T] = []

    def slot(self, piece: T) -> msgspec.Raw:
        """To be encoded where the piece belongs, once or several times."""
        self._pieces.append(piece)
        return msgspec.Raw(_EDGE + str(len(self._pieces) - 1).encode() + _EDGE)

    def fill(self, text: bytes) -> list[bytes | T]:
        """The text with the pieces in its holes, in order, to be sent one after the other."""
        parts = text.split(_EDGE)
        filled: list[Any] = list(parts)
        filled[1::2] = [self._pieces[int(number)] for number in parts[1::2]]
        return [part for part in filled if part != b""]
