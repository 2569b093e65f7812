"""The description of one operation; `web.openapi.document` writes the OpenAPI document from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request

from aftercall.web.http.auth import READ_LINK_OPT
from aftercall.web.http.dependencies import read_query
from aftercall.wire.query import Parameter, check_names

OPT_KEY: Final = "operation"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One REST operation, for people and for programs.

    `answer` is the type of the envelope's `data`, or its JSON Schema; `body` that of the
    request's JSON body. `parameters` are those of the query.
    """

    summary: str
    tag: str
    answer: Any
    about: str = ""
    parameters: Sequence[Parameter] = ()
    body: Any = None
    media_type: str | None = None
    """Of an answer that is no JSON in an envelope; `answer` is its schema then."""
    text_types: Sequence[str] = ()
    """Media types in which the answer can be had instead."""
    upload: bool = False
    """Whether the body is a file, or several as `multipart/form-data`."""
    is_paged: bool = False
    refusals: Sequence[int] = (404,)
    """Statuses of refusals besides those every operation has (400, 401, 403, 408, 414, 429, 431,
    500, 503)."""
    by_read_link: bool = False
    """Whether a read link of the session in the path is enough."""


def described(**members: Any) -> Mapping[str, Any]:
    """The `opt` of a Litestar handler that carries its `Operation`."""
    operation = Operation(**members)
    return {OPT_KEY: operation, READ_LINK_OPT: operation.by_read_link}


def describe_parameter(parameter: Parameter) -> dict[str, Any]:
    """The parameter object of the OpenAPI document."""
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "schema": parameter.schema(),
        "allowEmptyValue": True,
    }


async def check_parameters(request: Request[Any, Any, Any]) -> None:
    """Raises `Malformed` for a query parameter that the operation does not declare. Run before
    each request to an address of our own; RealtimeKit's ignore what they do not know."""
    if not request.scope["query_string"]:
        return
    operation = request.route_handler.opt.get(OPT_KEY)
    declared = operation.parameters if isinstance(operation, Operation) else ()
    check_names(read_query(request), declared)
