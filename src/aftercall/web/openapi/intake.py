"""The intake's operations in the OpenAPI document.

The intake answers in front of the framework, so it has no handlers to be described by.
"""

from collections.abc import Mapping
from typing import Any, Final

from aftercall.web.intake.door import COLLECT, MESSAGE
from aftercall.web.intake.janus import STATS_PERIOD
from aftercall.web.openapi.operations import describe_parameter

PARTICIPANT_TOKEN: Final = "participant_token"
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
_COUNT: Final = {"type": "integer", "minimum": 0}
_REJECTED: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "seq": {"type": "integer"},
            "index": {"type": "integer"},
            "code": {"type": "string"},
            "message": {"type": "string"},
        },
        "required": ["code", "message"],
    },
}


def _object(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _json(about: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _operation(
    name: str,
    summary: str,
    about: str,
    *,
    body: Mapping[str, Any],
    status: int,
    answer: Mapping[str, Any],
    scheme: str,
) -> dict[str, Any]:
    envelope = _object(("success", "data"), success={"const": True}, data=answer)
    return {
        "operationId": name,
        "summary": summary,
        "description": about,
        "tags": [_TAG],
        "security": [{scheme: []}],
        "parameters": [
            {
                "name": "content-encoding",
                "in": "header",
                "description": "How the body is compressed, if it is.",
                "schema": {"type": "string", "enum": ["gzip", "zstd"]},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": body}},
        },
        "responses": {
            str(status): _json("Taken: what was accepted is on disk", envelope),
            **{str(code): _json(said, _ERROR) for code, said in _REFUSALS.items()},
        },
    }


_COLLECT: Final = _operation(
    "collect",
    "Take what one peer has to say",
    "What the browser collector speaks: docs/reference/collect.md. A batch may be sent again at "
    "will; `(peer_id, seq)` identifies an entry.",
    body=_object(
        ("v", "peer_id", "sent_at", "entries"),
        v={"const": 1},
        peer_id={"type": "string", "format": "uuid"},
        token={"type": "string", "description": "When it is not in the header."},
        sent_at={"type": "integer", "description": "The client's clock, in ms since 1970."},
        dropped=_COUNT,
        entries={
            "type": "array",
            "maxItems": 500,
            "items": _object(
                ("seq", "at", "type"),
                seq=_COUNT,
                at={"type": "integer", "description": "In ms since 1970."},
                type={
                    "type": "string",
                    "enum": [
                        "join", "leave", "describe", "event", "sample", "chat", "transcript",
                    ],
                },
            ),
        },
    ),
    status=202,
    answer=_object(
        ("accepted", "duplicates", "rejected", "interval_ms", "next"),
        accepted=_COUNT,
        duplicates=_COUNT,
        rejected=_REJECTED,
        session={"type": ["object", "null"]},
        interval_ms={"type": "integer"},
        next={"type": "string", "enum": ["continue", "kicked", "ended"]},
    ),
    scheme=PARTICIPANT_TOKEN,
)  # fmt: skip

_EVENTS: Final = _operation(
    "take_events",
    "Take events from a backend",
    "One fact of the record each: docs/reference/events.md. Order and repeats do not matter, and "
    "one bad event never takes another down.",
    body=_object(
        ("events",),
        events={
            "type": "array",
            "minItems": 1,
            "maxItems": 1_000,
            "items": _object(("type", "at"), type={"type": "string"}, at={}),
        },
    ),
    status=202,
    answer=_object(
        ("results",),
        results={
            "type": "array",
            "items": _object(
                ("status",),
                status={"type": "string", "enum": ["accepted", "duplicate", "rejected"]},
                code={"type": "string"},
                message={"type": "string"},
            ),
        },
    ),
    scheme="bearer",
)

_MESSAGE: Final = _operation(
    "take_call_statistics",
    "Take the call statistics of RealtimeKit's web client",
    "What that client sends by itself once it is pointed here.",
    body={"type": "object"},
    status=200,
    answer=_object(
        ("accepted", "duplicates", "rejected"),
        accepted=_COUNT,
        duplicates=_COUNT,
        rejected=_REJECTED,
    ),
    scheme=PARTICIPANT_TOKEN,
)

_JANUS: Final = _operation(
    "take_janus_events",
    "Take the events of a Janus server",
    "What Janus' sampleevh posts: docs/how-to/janus.md. An event counts once, whatever it tells; "
    "`ignored` are those that are of no use to a record. An array, or one event alone.",
    body={
        "type": ["array", "object"],
        "maxItems": 5_000,
        "items": _object(("type",), type={"type": "integer"}),
    },
    status=202,
    answer=_object(
        ("accepted", "duplicates", "ignored", "rejected"),
        accepted=_COUNT,
        duplicates=_COUNT,
        ignored=_COUNT,
        rejected=_REJECTED,
    ),
    scheme="bearer",
) | {"security": [{"bearer": []}, {"basic": []}]}

_APP_ID: Final = {
    "name": "app_id",
    "in": "path",
    "required": True,
    "description": "The app's id.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}

INTAKE_PATHS: Final[Mapping[str, Any]] = {
    COLLECT: {"post": _COLLECT},
    "/v1/apps/{app_id}/events": {
        "post": _EVENTS | {"parameters": [_APP_ID, *_EVENTS["parameters"]]}
    },
    "/v1/apps/{app_id}/sources/janus": {
        "post": _JANUS
        | {"parameters": [_APP_ID, describe_parameter(STATS_PERIOD), *_JANUS["parameters"]]}
    },
    MESSAGE: {"post": _MESSAGE},
}
