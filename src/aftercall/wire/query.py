"""Query parameters: what each is called, what it may say, how it is read and documented.

A parameter is declared once, as a value; the web layer reads requests with it and writes the
OpenAPI document from it. An absent or empty value means the default everywhere, because the
official SDKs send empty values. Of repeated values of a single one the last counts.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.ids import is_path_id
from aftercall.core.instants import EpochMs
from aftercall.wire.times import parse_time

Query = Mapping[str, Sequence[str]]
"""The values of each parameter, in the order sent."""

T = TypeVar("T")

_WHOLE: Final = re.compile(r"([+-]?[0-9]{1,18})(?:\.0*)?")
_SPAN: Final = re.compile(r"(?P<exact>[0-9]{1,9})|(?P<least>[0-9]{0,9}):(?P<most>[0-9]{0,9})")
_TRUE: Final = {"true", "1"}
_FALSE: Final = {"false", "0"}
_LONGEST_SEARCH: Final = 256
_LONGEST_NAME: Final = 64
"""Characters of an unknown parameter's name that are repeated in its refusal."""


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC):
    """A parameter's name and, for people, what it does."""

    name: str
    about: str

    def _last(self, query: Query) -> str:
        values = query.get(self.name)
        return values[-1].strip() if values else ""

    def _malformed(self, code: str, requirement: str) -> Malformed:
        return Malformed(f'"{self.name}" must be {requirement}', code=code, field=self.name)

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The parameter's JSON Schema."""


@dataclass(frozen=True, kw_only=True)
class Text(Parameter):
    """Any text of at most `longest` characters, without control characters' worst, NUL."""

    longest: int = _LONGEST_SEARCH

    def read(self, query: Query) -> str | None:
        text = self._last(query)
        if len(text) > self.longest:
            raise self._malformed("bad_text", f"at most {self.longest} characters long")
        if not is_storable(text):
            raise self._malformed("bad_text", "text without NUL or unpaired surrogates")
        return text or None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}


@dataclass(frozen=True, kw_only=True)
class Flag(Parameter):
    """`true`, `false`, `1` or `0`, in any case."""

    default: bool = False

    def read(self, query: Query) -> bool:
        text = self._last(query).lower()
        if not text:
            return self.default
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise self._malformed("bad_flag", "true or false")

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean", "default": self.default}


@dataclass(frozen=True, kw_only=True)
class Whole(Parameter):
    """A whole number from `least` to `most`, also as `1.0`. Where `least` is 0, 0 means the
    default. A number over `most` is refused, or lowered to `most` when `is_clamped`."""

    default: int
    most: int
    least: int = 0
    is_clamped: bool = False

    def read(self, query: Query) -> int:
        text = self._last(query)
        if not text:
            return self.default
        found = _WHOLE.fullmatch(text)
        number = int(found[1]) if found is not None else -1
        if self.least > 0 and not self.least <= number <= self.most:
            raise self._malformed("bad_number", f"a whole number from {self.least} to {self.most}")
        if number < 0:
            raise self._malformed("bad_number", "a whole number of at least 0")
        if number > self.most:
            if self.is_clamped:
                return self.most
            raise self._malformed("bad_number", f"at most {self.most}")
        return number or self.default

    def schema(self) -> dict[str, Any]:
        bound: dict[str, Any] = {} if self.is_clamped else {"maximum": self.most}
        return {"type": "integer", "minimum": self.least, "default": self.default} | bound


@dataclass(frozen=True, kw_only=True)
class Moment(Parameter):
    """An ISO 8601 moment."""

    def read(self, query: Query) -> EpochMs | None:
        text = self._last(query)
        return parse_time(text, field=self.name) if text else None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, kw_only=True)
class Choice(Parameter, Generic[T]):
    """One of `values`, in any case; `aliases` are understood but not advertised."""

    values: Mapping[str, T]
    default: T
    aliases: Mapping[str, T] | None = None

    def read(self, query: Query) -> T:
        text = self._last(query)
        if not text:
            return self.default
        folded = text.casefold()
        for name, value in (*self.values.items(), *(self.aliases or {}).items()):
            if name.casefold() == folded:
                return value
        raise self._malformed("bad_choice", f"one of [{', '.join(self.values)}]")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.values)}


@dataclass(frozen=True, kw_only=True)
class Choices(Parameter):
    """Any of `values`: separated by commas, repeated, or one."""

    values: tuple[str, ...]

    def read(self, query: Query) -> frozenset[str]:
        """The values named; empty when the parameter is absent."""
        words = (word.strip() for text in query.get(self.name, ()) for word in text.split(","))
        chosen = frozenset(word.lower() for word in words if word)
        if not chosen <= set(self.values):
            raise self._malformed("bad_choice", f"one of [{', '.join(self.values)}]")
        return chosen

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(self.values)}}


@dataclass(frozen=True, kw_only=True)
class Span(Parameter):
    """An inclusive range of whole numbers: `1:10`, `5:`, `:10`, or `5` for exactly five."""

    def read(self, query: Query) -> tuple[int | None, int | None]:
        """The least and the most; `None` where the range is open."""
        text = self._last(query)
        if not text:
            return None, None
        found = _SPAN.fullmatch(text)
        if found is None or text == ":":
            raise self._malformed("bad_range", "a range such as 1:10, 5:, :10 or 5")
        if found["exact"]:
            return int(found["exact"]), int(found["exact"])
        least, most = found["least"], found["most"]
        span = (int(least) if least else None, int(most) if most else None)
        if span[0] is not None and span[1] is not None and span[0] > span[1]:
            raise self._malformed("bad_range", "a range whose first number is not the greater")
        return span

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([0-9]{1,9}(:[0-9]{0,9})?|:[0-9]{1,9})$"}


PAGE_NO: Final = Whole(
    name="page_no",
    about="Which page, from 1; 0 is 1.",
    default=1,
    most=1_000_000_000,
)
PER_PAGE: Final = Whole(
    name="per_page",
    about="Rows a page, at most 200 (more is read as 200); 0 is 25.",
    default=25,
    most=200,
    is_clamped=True,
)
IS_DESCENDING: Final = Choice(
    name="sort_order",
    about="Ascending or descending.",
    values={"ASC": False, "DESC": True},
    aliases={"DSC": True},
    default=True,
)


def check_names(query: Query, known: Sequence[Parameter]) -> None:
    """Raises `Malformed` naming a parameter of the query that is none of the `known`."""
    names = [parameter.name for parameter in known]
    for name in query:
        if name not in names:
            allowed = f"known are {', '.join(names)}" if names else "there are none"
            raise Malformed(
                f'"{name[:_LONGEST_NAME]}" is no parameter of this address; {allowed}',
                code="unknown_parameter",
                field=name[:_LONGEST_NAME],
            )


def read_window(query: Query) -> tuple[int, int]:
    """The offset of the first row asked for, from 0, and how many rows."""
    limit = PER_PAGE.read(query)
    return (PAGE_NO.read(query) - 1) * limit, limit


def parse_path_id(text: str, *, what: str) -> str:
    """`text`, when it can be an id at all. Raises `NotFound` otherwise: nothing has that id.

    `what` is the noun of the sentence: meeting, session, participant, …
    """
    if not is_path_id(text):
        raise NotFound.of(what, text)
    return text


def is_storable(text: str) -> bool:
    """Whether both databases can hold `text`: no NUL, no unpaired surrogate."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
