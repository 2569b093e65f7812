"""The intake's operations in the OpenAPI document.

The intake answers in front of the framework, so it has no handlers to be described by.
"""

from collections.abc import Mapping
from typing import Any, Final

from aftercall.web.intake.answers import object_schema
from aftercall.web.intake.sources import APP_PREFIX, ROUTES, IntakeRoute
from aftercall.web.openapi.examples import add_example
from aftercall.web.openapi.operations import describe_parameter

_TAG: Final = "Intake"
_ERROR: Final = {"$ref": "#/components/schemas/ErrorBody"}
_REFUSALS: Final = {
    400: "The body cannot be read",
    401: "No token, or an unknown or expired one",
    403: "A token that is not for this, or was revoked",
    405: "Only POST",
    408: "The body took too long to come in",
    413: "The body is larger than the server takes, before or after decompression",
    414: "The address is too long",
    429: "A budget is spent: send the same body again after `retry-after` seconds",
    431: "The headers are too many, or too long",
    500: "A mistake of the server's",
    503: "Too busy: send the same body again after `retry-after` seconds",
}


_NO_APP: Final = {404: "There is no such app, or it was deleted"}


def _json(about: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


_CONTENT_ENCODING: Final = {
    "name": "content-encoding",
    "in": "header",
    "description": "How the body is compressed, if it is.",
    "schema": {"type": "string", "enum": ["gzip", "zstd"]},
}
_APP_ID: Final = {
    "name": "app_id",
    "in": "path",
    "required": True,
    "description": "The app's id.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}


def _operation(route: IntakeRoute) -> dict[str, Any]:
    envelope = object_schema(("success", "data"), success={"const": True}, data=route.answer.schema)
    is_of_app = route.path.startswith(APP_PREFIX)
    of_app = [_APP_ID] if is_of_app else []
    refusals = _REFUSALS | _NO_APP if is_of_app else _REFUSALS
    described = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "description": route.about,
        "tags": [_TAG],
        "security": [{scheme: []} for scheme in route.schemes],
        "parameters": [*of_app, *map(describe_parameter, route.parameters), _CONTENT_ENCODING],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": route.body}},
        },
        "responses": {
            str(route.answer.status): _json("Taken: what was accepted is on disk", envelope),
            **{str(code): _json(about, _ERROR) for code, about in refusals.items()},
        },
    }
    add_example(described, "post", route.path, scheme=route.schemes[0], body=route.example)
    return described


INTAKE_PATHS: Final[Mapping[str, Any]] = {
    route.path: {"post": _operation(route)} for route in ROUTES
}
