"""JSON bodies into typed structs, and what is wrong with them in sentences that name the member.

The sentences follow the ones RealtimeKit's own validation gives, because people match on them:
`"preset_name" is required`, `"x" is not allowed`, `"status" must be one of [ACTIVE, INACTIVE]`.
"""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from aftercall.core.errors import InvalidBody, Malformed
from aftercall.core.storable_json import read_json

T = TypeVar("T")

_PATH: Final = re.compile(r" - at `\$?(?P<path>[^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_LONGEST_ECHO: Final = 100

_TYPE_NAMES: Final = (
    (inspect.BoolType, "a boolean"),
    (inspect.IntType, "an integer"),
    (inspect.FloatType, "a number"),
    (inspect.StrType, "a string"),
    (inspect.ListType, "an array"),
)


def parse_body(raw: bytes, kind: type[T]) -> T:
    """The body as `kind`, a struct that forbids unknown fields; an empty body is `{}`. What no
    database keeps of a text becomes U+FFFD.

    Raises `Malformed`: unreadable JSON; `InvalidBody`: a member that breaks a rule, named in
    `field` by its dotted path.
    """
    try:
        return read_json(raw or b"{}", lambda body: msgspec.json.decode(body, type=kind))
    except msgspec.ValidationError as error:
        raise _refusal(str(error), kind) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The body is not valid JSON", code="bad_json") from error


def broken_rule(field: str, requirement: str) -> Malformed:
    """The refusal of a member: `"field" requirement`."""
    return InvalidBody(f'"{field}" {requirement}', code="bad_body", field=field)


def _refusal(message: str, kind: type) -> Malformed:
    found = _PATH.search(message)
    path = found["path"].strip(".") if found else ""
    text = message[: found.start()] if found else message
    for pattern, requirement in ((_MISSING, "is required"), (_UNKNOWN, "is not allowed")):
        if named := pattern.fullmatch(text):
            name = named["name"][:_LONGEST_ECHO]
            return broken_rule(f"{path}.{name}" if path else name, requirement)
    if not path:
        return InvalidBody('"body" must be an object', code="bad_body")
    return broken_rule(path, _requirement(inspect.type_info(kind), path))


def _requirement(body: inspect.Type, path: str) -> str:
    """What the member at `path` must be, read from its type."""
    wanted = body
    for step in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
        wanted = _below(wanted, step)
    accepted = _accepted(wanted)
    if choices := [v for t in accepted for v in _choices(t)]:
        return f"must be one of [{', '.join(choices)}]"
    bounded = next((t for t in accepted if _bounds(t)), None)
    if bounded is not None:
        return _bounds(bounded)
    names = [name for t in accepted for known, name in _TYPE_NAMES if isinstance(t, known)]
    return f"must be {' or '.join(names) or 'an object'}"


def _accepted(wanted: inspect.Type) -> list[inspect.Type]:
    while isinstance(wanted, inspect.Metadata):
        wanted = wanted.type
    if isinstance(wanted, inspect.UnionType):
        return [inner for each in wanted.types for inner in _accepted(each)]
    return [wanted]


def _below(wanted: inspect.Type, step: str) -> inspect.Type:
    for each in _accepted(wanted):
        if isinstance(each, inspect.StructType):
            for field in each.fields:
                if field.encode_name == step:
                    return field.type
        if isinstance(each, inspect.ListType) and step.startswith("["):
            return each.item_type
    return wanted


def _choices(wanted: inspect.Type) -> list[str]:
    if isinstance(wanted, inspect.LiteralType):
        return [str(value) for value in wanted.values]
    if isinstance(wanted, inspect.EnumType):
        return [str(member.value) for member in wanted.cls]
    return []


def _bounds(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.IntType | inspect.FloatType):
        name = "an integer" if isinstance(wanted, inspect.IntType) else "a number"
        return _range(f"must be {name}", wanted.ge, wanted.le, str)
    if isinstance(wanted, inspect.StrType):
        return _range(
            "must be a string", wanted.min_length, wanted.max_length, "{} characters".format
        )
    if isinstance(wanted, inspect.ListType):
        return _range("must be an array", wanted.min_length, wanted.max_length, "{} items".format)
    return ""


def _range(start: str, least: Any, most: Any, say: Callable[[Any], str]) -> str:
    match (least, most):
        case (None, None):
            return ""
        case (_, None):
            return f"{start} of at least {say(least)}"
        case (None, _):
            return f"{start} of at most {say(most)}"
        case _:
            return f"{start} from {least} to {say(most)}"
