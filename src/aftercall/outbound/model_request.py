"""Requests to the models of the settings, and what to do where one fails."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aftercall.core.errors import AftercallError
from aftercall.outbound.safe_sender import AddressRefused, SafeSender, StreamedBody, Unreachable

ATTEMPTS: Final = 4
"""Attempts for one answer."""

FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 60.0

_RETRIED: Final = frozenset({408, 425, 429})
_LASTING: Final = frozenset({"answer_too_large"})
"""Codes of `Unreachable` that another attempt would not change."""

Sleep = Callable[[float], Awaitable[object]]
T = TypeVar("T")


class ModelFailed(AftercallError):
    """The model gave no answer that can be used. `is_passing`: another attempt may succeed, after
    `retry_after_s` if its server asks for that."""

    code = "model_failed"

    def __init__(
        self, message: str, *, code: str, is_passing: bool, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.is_passing = is_passing
        self.retry_after_s = retry_after_s


async def ask_model(
    sender: SafeSender,
    url: str,
    *,
    key: str,
    content_type: str,
    body: bytes | StreamedBody,
    timeout_s: float,
    most_bytes: int,
) -> bytes:
    """The body of an answer of 200, of at most `most_bytes`. Raises `ModelFailed`."""
    headers = {"content-type": content_type, "accept": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    try:
        answer = await sender.post_whole(
            url, headers=headers, body=body, timeout_s=timeout_s, most_bytes=most_bytes
        )
    except Unreachable as error:
        raise ModelFailed(
            error.message, code=error.code, is_passing=error.code not in _LASTING
        ) from error
    except AddressRefused as error:
        raise ModelFailed(error.message, code=error.code, is_passing=False) from error
    if answer.status != 200:
        raise ModelFailed(
            f"The model's server answered {answer.status}.",
            code=f"http_{answer.status}",
            is_passing=answer.status in _RETRIED or answer.status >= 500,
            retry_after_s=answer.retry_after_s,
        )
    return answer.body


async def ask_repeatedly(
    ask: Callable[[], Awaitable[T]],
    *,
    sleep: Sleep,
    note_failure: Callable[[ModelFailed], object],
) -> T:
    """What `ask` returns, asked again while the failure may pass. Raises the last `ModelFailed`."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return await ask()
        except ModelFailed as error:
            note_failure(error)
            if not error.is_passing or attempt >= ATTEMPTS:
                raise
            wait_s = max(FIRST_WAIT_S * 3 ** (attempt - 1), error.retry_after_s or 0.0)
            if wait_s > LONGEST_WAIT_S:
                raise
        await sleep(wait_s)
