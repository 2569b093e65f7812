"""getStats reports as sources read them."""

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, Union

import msgspec
from msgspec import Meta

from aftercall.core.errors import Malformed
from aftercall.core.quality.stats.getstats import (
    STATS_MEMBERS,
    Name,
    SampleBody,
    decode_body,
    fields_of,
)
from aftercall.core.storable_json import readable_json


def read_sample(raw: bytes) -> SampleBody:
    """The report in a text that may be wrong as well as its members. Raises `Malformed`
    (`sample_unreadable`) for what is none."""
    try:
        return decode_body(raw)
    except Malformed:
        return decode_body(readable_json(raw))


def convert_sample(connections: list[dict[str, Any]]) -> SampleBody:
    """The report of connections that are decoded JSON already, each of whose stats is of a kept
    type. Raises `Malformed` (`sample_unreadable`) for what is none."""
    try:
        narrow = msgspec.convert(connections, NarrowConnections, strict=False)
    except msgspec.ValidationError:
        return read_sample(_encoded(connections))
    return SampleBody(connections=narrow)


def _encoded(connections: list[dict[str, Any]]) -> bytes:
    try:
        return msgspec.json.encode({"connections": connections})
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, RecursionError) as error:
        raise Malformed(f"The sample cannot be read: {error}.", code="sample_unreadable") from error


def _narrow(type_: str) -> type[msgspec.Struct]:
    """A struct with the members of one type of stats, so that reading one makes no room for the
    others."""
    return msgspec.defstruct(
        type_.title().replace("-", ""),
        [
            (field.name, field.type) if field.required else (field.name, field.type, None)
            for field in fields_of(type_)
        ],
        tag_field="type",
        tag=type_,
        rename="camel",
        omit_defaults=True,
        gc=False,
        kw_only=True,
    )


_KINDS: Final = {type_: _narrow(type_) for type_ in STATS_MEMBERS}
LocalCandidate: Final = _KINDS["local-candidate"]
RemoteCandidate: Final = _KINDS["remote-candidate"]
_STATS: Any = Union[tuple(_KINDS.values())]  # noqa: UP007 - made, not written
_CONNECTION: Any = msgspec.defstruct(
    "Connection",
    [("id", Name), ("stats", Annotated[list[_STATS], Meta(max_length=4000)])],
    gc=False,
)
if TYPE_CHECKING:
    NarrowConnections: TypeAlias = list[Any]
else:
    NarrowConnections = Annotated[list[_CONNECTION], Meta(max_length=32)]
"""The connections of a `SampleBody` with a struct for each type of stats: half the time to read."""
