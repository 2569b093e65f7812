"""The envelope every answer and every error travels in.

RealtimeKit answers `{success, data}`, Cloudflare's gateway `{success, result, errors, messages}`;
clients of either kind find what they look for, because one body carries both.
"""

from typing import Final, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from aftercall.core.list_queries import Page

T = TypeVar("T")

AUTHENTICATION_ERROR: Final = 10_000
"""Cloudflare's code for every refusal of credentials or rights."""

NO_ROUTE: Final = 7_003
"""Cloudflare's code for an address at which nothing lives."""


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows a list holds: 1-based inclusive positions of the first and the last, 0 and 0
    when there are none."""

    total_count: int
    start_offset: int
    end_offset: int


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A remark of Cloudflare's envelope; Aftercall makes none."""

    code: int
    message: str


class Answer(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A success. `result` repeats `data` where the server is set to."""

    success: bool = True
    data: T
    result: T | UnsetType = UNSET
    errors: list[Message] = []
    messages: list[Message] = []
    paging: Paging | UnsetType = UNSET


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the request the fault lies."""

    pointer: str


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One error as Cloudflare's gateway spells it, which the SDKs read."""

    code: int
    message: str
    source: Pointer | UnsetType = UNSET


class FaultDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One error as RealtimeKit spells it. `code` is the HTTP status, `reason` the stable code
    of docs/reference/errors.md, `field` the member or parameter at fault."""

    code: int
    message: str
    reason: str
    field: str | UnsetType = UNSET


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is not a success."""

    success: bool = False
    error: FaultDetail
    errors: list[Fault]
    messages: list[Message] = []
    result: None = None


def encode_answer(data: T, *, has_alias: bool, paging: Paging | None = None) -> Answer[T]:
    """The envelope around `data`, repeated as `result` when `has_alias`."""
    return Answer(
        data=data,
        result=data if has_alias else UNSET,
        paging=UNSET if paging is None else paging,
    )


def encode_paging(page: Page[T]) -> Paging:
    """The window of a page of records, in RealtimeKit's terms."""
    count = len(page.items)
    if not count:
        return Paging(total_count=page.total, start_offset=0, end_offset=0)
    return Paging(
        total_count=page.total, start_offset=page.offset + 1, end_offset=page.offset + count
    )


def encode_error(status: int, message: str, *, reason: str, field: str | None = None) -> ErrorBody:
    """The one error body. `reason` is the stable code, `field` what the fault is in."""
    text = _printable(message)
    named = _printable(field) if field else None
    return ErrorBody(
        error=FaultDetail(
            code=status, message=text, reason=reason, field=UNSET if named is None else named
        ),
        errors=[
            Fault(
                code=_gateway_code(status, reason),
                message=text,
                source=UNSET if named is None else Pointer(pointer="/" + named.replace(".", "/")),
            )
        ],
    )


def _gateway_code(status: int, reason: str) -> int:
    if status in {401, 403}:
        return AUTHENTICATION_ERROR
    if reason == "no_route":
        return NO_ROUTE
    return status


def _printable(text: str) -> str:
    """Text from a request can hold lone surrogates, which no JSON body can."""
    return text.encode("utf-8", "replace").decode()
