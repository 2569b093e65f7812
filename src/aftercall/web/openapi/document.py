"""The OpenAPI document, written from the operations the handlers carry."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute

from aftercall import __version__
from aftercall.web.intake.sources import PARTICIPANT_TOKEN
from aftercall.web.openapi.examples import BODIES, add_example
from aftercall.web.openapi.intake import INTAKE_PATHS
from aftercall.web.openapi.operations import OPT_KEY, Operation, describe_parameter
from aftercall.wire.envelope import ErrorBody, Message, Paging

_REF: Final = "#/components/schemas/{name}"
_ALWAYS_REFUSED: Final = (400, 401, 403, 408, 414, 429, 431, 500, 503)
_MEANINGS: Final = {
    200: "Success",
    201: "Created",
    400: "The request cannot be read, or a parameter is unknown or out of its range",
    401: "The token is missing, unknown, revoked or expired",
    403: "The token is not for this account or app, or may only read",
    404: "There is no such thing for this caller",
    408: "The request took too long to come in",
    413: "The request is too large",
    414: "The address is too long",
    422: "The body breaks a rule",
    429: "The token has made too many requests",
    431: "The headers are too many, or too long",
    500: "A mistake of the server's",
    503: "The server is too busy; try again later",
}
_PATH_ABOUT: Final = {
    "account_id": "The account's id.",
    "app_id": "The app's id; `organization_id` in the records.",
    "meeting_id": "The meeting's id; `associated_id` in the records.",
    "session_id": "The session's id.",
    "participant_id": "The participant's id.",
    "peer_id": "The peer's id.",
    "person": "The person's id, as in the list of people.",
    "token_id": "The API token's id.",
    "job_id": "The job's id.",
    "import_id": "The import's id.",
    "webhook_id": "The webhook's id.",
    "delivery_id": "The delivery's id: the header `webhook-id` of what was posted.",
}
_ABOUT: Final = (
    "The record of real-time calls, in RealtimeKit's wire format.\n\n"
    "Examples are for a shell in which `AFTERCALL` is this server's address, `API_TOKEN` a token "
    "of `aftercall token create` (or of the settings page), and `ACCOUNT_ID` and `APP_ID` are what "
    "`aftercall app list` shows.\n\n"
    "The body of every refusal is an `ErrorBody`: `error.code` is the status, `error.reason` is "
    "for programs, `error.message` for people, and `error.field` names the member at fault."
)
_FILE: Final = {"type": "string", "contentMediaType": "application/octet-stream"}
_UPLOAD: Final = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "array", "items": _FILE}},
        },
    },
}
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API token."},
    "auth_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Key",
        "description": "An API token, beside `X-Auth-Email`.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "A JWT with the SHA-256 of the body, signed with a key of the app "
        "(`aftercall source-key add`).",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "An API token as the password, for senders that know nothing else.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "aftercall_session",
        "description": "A sign-in to the dashboard; what changes something needs `X-CSRF-Token`.",
    },
    "read_link": {
        "type": "apiKey",
        "in": "cookie",
        "name": "aftercall_read_link",
        "description": "A read link that was opened; good only beside `X-Read-Link: 1`.",
    },
    PARTICIPANT_TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A participant token.",
    },
}

_READ_LINK: Final = "read_link"
_CALLERS: Final[tuple[dict[str, list[str]], ...]] = (
    {"bearer": []},
    {"auth_key": []},
    {"cookie": []},
)


def write_document(app: Litestar, *, below: tuple[str, ...]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the described operations whose path begins with any of
    `below`, and of the intake's."""
    found = list(_operations(app, below))
    schemas, components = _schemas(operation for *_, operation in found)
    paths: dict[str, dict[str, Any]] = {}
    for path, route, method, name, status, operation in found:
        described = _describe(name, status, operation, route.path_parameters, schemas)
        add_example(described, method, path, body=BODIES.get(name), upload=operation.upload)
        paths.setdefault(path, {})[method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aftercall",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": list(_CALLERS),
        "paths": _sorted(paths) | dict(INTAKE_PATHS),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": dict(_SECURITY),
        },
    }


def _sorted(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Paths and their methods in order: the framework's routes hold sets of methods, which each
    start of the program puts in another one."""
    return {path: dict(sorted(methods.items())) for path, methods in sorted(paths.items())}


_Found = tuple[str, HTTPRoute, str, str, int, Operation]


def _operations(app: Litestar, below: tuple[str, ...]) -> Iterator[_Found]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or not route.path_format.startswith(below):
            continue
        for handler in route.route_handlers:
            operation = handler.opt.get(OPT_KEY)
            if operation is None:
                continue
            for method in sorted(handler.http_methods):
                name = str(handler.handler_name)
                yield route.path_format, route, method, name, handler.status_code, operation


def _schemas(operations: Iterable[Operation]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """The schema of every type named, and the components they refer to."""
    types: list[Any] = [ErrorBody, Paging, Message]
    for operation in operations:
        types += [t for t in (operation.answer, operation.body) if not _is_schema(t)]
    named, components = msgspec.json.schema_components(types, ref_template=_REF)
    return {_key(t): schema for t, schema in zip(types, named, strict=True)}, components


def _is_schema(described: Any) -> bool:
    return described is None or isinstance(described, Mapping)


def _key(described: Any) -> str:
    return repr(described)


def _schema(described: Any, schemas: Mapping[str, Any]) -> Any:
    return described if _is_schema(described) else schemas[_key(described)]


def _describe(
    name: str,
    status: int,
    operation: Operation,
    path_parameters: Iterable[str],
    schemas: Mapping[str, Any],
) -> dict[str, Any]:
    refusals = {*_ALWAYS_REFUSED, *operation.refusals}
    described: dict[str, Any] = {
        "operationId": name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [
            *(_path_parameter(parameter) for parameter in path_parameters),
            *(describe_parameter(parameter) for parameter in operation.parameters),
        ],
        "responses": {str(status): _success(status, operation, schemas)},
    }
    if operation.by_read_link:
        described["security"] = [*_CALLERS, {_READ_LINK: []}]
    if operation.about:
        described["description"] = operation.about
    if operation.body is not None:
        refusals |= {413, 422}
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _schema(operation.body, schemas)}},
        }
    if operation.upload:
        described["requestBody"] = {"required": True, "content": dict(_UPLOAD)}
    described["responses"] |= {str(refusal): _refusal(refusal) for refusal in sorted(refusals)}
    return described


def _path_parameter(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": _PATH_ABOUT.get(name, name),
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    }


def _success(status: int, operation: Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    if operation.media_type is not None:
        return {
            "description": _MEANINGS[status],
            "content": {operation.media_type: {"schema": operation.answer}},
        }
    data = _schema(operation.answer, schemas)
    messages = {"type": "array", "items": schemas[_key(Message)]}
    properties: dict[str, Any] = {
        "success": {"const": True},
        "data": data,
        "result": data,
        "errors": messages,
        "messages": messages,
    }
    required = ["success", "data", "errors", "messages"]
    if operation.is_paged:
        properties["paging"] = schemas[_key(Paging)]
        required.append("paging")
    schema = {"type": "object", "properties": properties, "required": required}
    texts = {media_type: {"schema": {"type": "string"}} for media_type in operation.text_types}
    return {
        "description": _MEANINGS[status],
        "content": {"application/json": {"schema": schema}, **texts},
    }


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name=ErrorBody.__name__)}
    return {
        "description": _MEANINGS[status],
        "content": {"application/json": {"schema": schema}},
    }
