import msgspec
import pytest

from aftercall.core.errors import (
    AftercallError,
    Bug,
    Busy,
    InvalidBody,
    Malformed,
    NotFound,
    Refused,
    TooLarge,
    Unauthenticated,
)
from aftercall.web.http.errors import answer_error


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (Malformed("m"), 400, {}),
        (InvalidBody("m"), 422, {}),
        (TooLarge("m"), 413, {}),
        (Unauthenticated("m"), 401, {"www-authenticate": 'Bearer realm="aftercall"'}),
        (Refused("m"), 403, {}),
        (NotFound("m"), 404, {}),
        (Busy("m", retry_after_s=3), 503, {"retry-after": "3"}),
        (Busy("m", code="rate_limited", retry_after_s=9), 429, {"retry-after": "9"}),
        (Bug("m"), 500, {"x-should-retry": "false"}),
    ],
)
def test_each_error_family_has_its_status(
    error: AftercallError, status: int, headers: dict[str, str]
) -> None:
    answer = answer_error(error)
    assert (answer.status, answer.headers) == (status, headers)
    body = msgspec.json.decode(answer.body)
    assert body["success"] is False
    assert body["error"]["code"] == status
    assert body["error"]["reason"] == error.code
    assert body["errors"][0]["message"] == "m"
