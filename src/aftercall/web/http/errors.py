"""From the error families to statuses, headers and the one error body.

Malformed   400; 422 for a body that breaks a rule; 413 when too large
Refused     401 when we do not know the caller, 422 for an order that nobody can give, else 403
NotFound    404
Busy        503, or 429 for a caller over its limit or budget; both with `retry-after`
Bug, and anything unforeseen: 500
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from aftercall.core.errors import (
    AftercallError,
    Busy,
    CallNotControlled,
    InvalidBody,
    Malformed,
    NotFound,
    OverBudget,
    Refused,
    TooLarge,
    Unauthenticated,
)
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.wire.envelope import encode_error

log = structlog.get_logger(__name__)

RATE_LIMITED: Final = "rate_limited"
JSON: Final = "application/json"

_FRAMEWORK_ERRORS: Final = {
    400: ("malformed", "The request cannot be read"),
    404: ("no_route", "Nothing lives at this address"),
    405: ("method_not_allowed", "This address does not answer to this method"),
    413: ("too_large", "The request is too large"),
    415: ("unsupported_media_type", "The body must be JSON"),
}


@dataclass(frozen=True, kw_only=True)
class ErrorAnswer:
    """The answer to a failed request; `body` is JSON."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def answer_error(error: AftercallError) -> ErrorAnswer:
    """The answer to a request that ended in `error`."""
    status, headers = _status_and_headers(error)
    body = encode_error(
        status,
        error.message,
        reason=error.code,
        field=error.field if isinstance(error, Malformed) else None,
    )
    return ErrorAnswer(status=status, body=msgspec.json.encode(body), headers=headers)


def _status_and_headers(error: AftercallError) -> tuple[int, dict[str, str]]:
    match error:
        case TooLarge():
            return 413, {}
        case InvalidBody():
            return 422, {}
        case Malformed():
            return 400, {}
        case CallNotControlled():
            return 422, {"x-should-retry": "false"}
        case Unauthenticated():
            return 401, {"www-authenticate": 'Bearer realm="aftercall"'}
        case Refused():
            return 403, {}
        case NotFound():
            return 404, {}
        case OverBudget():
            return 429, {
                "retry-after": str(error.retry_after_s),
                **limit_headers(
                    error.budget,
                    limit=error.limit,
                    remaining=0,
                    window_s=error.window_s,
                    resets_s=error.retry_after_s,
                    resets_at=error.resets_at,
                ),
            }
        case Busy():
            status = 429 if error.code == RATE_LIMITED else 503
            return status, {"retry-after": str(error.retry_after_s)}
        case _:
            return 500, {"x-should-retry": "false"}


def limit_headers(
    name: str, *, limit: int, remaining: int, window_s: int, resets_s: int, resets_at: EpochMs
) -> dict[str, str]:
    """The headers that state the limit of that name: `limit` in `window_s` seconds."""
    reset = format_datetime(datetime.fromtimestamp(resets_at / SECOND_MS, UTC), usegmt=True)
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": reset,
        "ratelimit": f'"{name}";r={remaining};t={resets_s}',
        "ratelimit-policy": f'"{name}";q={limit};w={window_s}',
    }


def answer_unforeseen(error: Exception, request_id: str) -> ErrorAnswer:
    """Logs an unforeseen error under `request_id`; the answer names that id alone."""
    log.error("request failed", action="request_failed", request_id=request_id, exc_info=error)
    return make_answer(500, "bug", f"Something went wrong here; it is logged as {request_id}")


def make_answer(status: int, reason: str, message: str, **headers: str) -> ErrorAnswer:
    """The answer with this status, stable code and sentence."""
    body = encode_error(status, message, reason=reason)
    return ErrorAnswer(status=status, body=msgspec.json.encode(body), headers=headers)


def _answer_framework(error: HTTPException) -> ErrorAnswer:
    known = _FRAMEWORK_ERRORS.get(error.status_code, ("malformed", "The request cannot be read"))
    allowed = {k: v for k, v in (error.headers or {}).items() if k.lower() == "allow"}
    return make_answer(error.status_code, *known, **allowed)


def handle_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The only exception handler of the REST side."""
    if isinstance(error, AftercallError):
        answer = answer_error(error)
        if answer.status == 500:
            log.error("bug", action="request_failed", reason=error.code, exc_info=error)
    elif isinstance(error, HTTPException) and error.status_code < 500:
        answer = _answer_framework(error)
    else:
        answer = answer_unforeseen(error, request.scope.get("state", {}).get("request_id", "-"))
    return Response(answer.body, status_code=answer.status, headers=answer.headers, media_type=JSON)
