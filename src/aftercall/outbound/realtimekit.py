"""Reads RealtimeKit's Sessions API by Cloudflare's official SDK, no faster than is allowed.

Answers come as the bytes that were received. A request is repeated for as long as the service asks
to wait, and a few times after a failure of the service or of the network.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx

from aftercall.core.errors import AftercallError, Malformed, Refused
from aftercall.outbound.retry_after import read_retry_after_s
from aftercall.wire.realtimekit_import.queries import (
    list_query,
    participants_query,
    recordings_query,
)

T = TypeVar("T")

PER_SECOND: Final = 3.0
"""The API allows 1,200 requests in 5 minutes for a user: 4 a second, of which one is left to
others. Chosen."""

AT_ONCE: Final = 4
TRIES: Final = 6
"""Attempts at a request that the service fails to answer; waits double from 1 s to `LONGEST_S`."""

LONGEST_S: Final = 60.0
LONGEST_ASKED_S: Final = 900.0
"""The longest wait that is obeyed at a time; then the service is asked again."""

TIMEOUT_S: Final = 60.0
MOST_BYTES: Final = 256_000_000
"""The largest file that a link may lead to."""

_REDIRECTS: Final = 5
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_GONE: Final = frozenset({400, 403, 404, 410})
"""Answers to a signed link that is over."""


class SdkMissing(AftercallError):
    """The optional dependency is not installed."""


class LinkOver(Exception):
    """A signed link does not lead to its file any more."""


class Reader(Protocol):
    """What an import reads; `None` where the service has no such thing."""

    async def list_sessions(
        self, *, start_time: str | None, end_time: str | None, page: int, limit: int
    ) -> bytes: ...
    async def session(self, id: str) -> bytes | None: ...
    async def participants(self, id: str, *, page: int, limit: int) -> bytes | None: ...
    async def participant(self, session_id: str, id: str) -> bytes | None: ...
    async def peer_report(self, peer_id: str) -> bytes | None: ...
    async def link(
        self, session_id: str, kind: Literal["chat", "transcript", "summary"]
    ) -> bytes | None: ...
    async def recordings(self, meeting_id: str, *, page: int, limit: int) -> bytes | None: ...
    async def livestreams(self, session_id: str) -> bytes | None: ...
    async def livestream(self, id: str) -> bytes | None: ...
    async def download(self, url: str) -> tuple[bytes, str]: ...


class Pace:
    """Lets requests begin at even distances."""

    def __init__(self, per_second: float) -> None:
        self._distance_s = 1 / per_second
        self._next_at = 0.0

    async def wait(self) -> None:
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_at)
        self._next_at = at + self._distance_s
        await asyncio.sleep(at - now)

    def pause(self, seconds: float) -> None:
        """Let no request begin for a while."""
        self._next_at = max(self._next_at, asyncio.get_running_loop().time() + seconds)


class RealtimeKit:
    """The Sessions API of one app."""

    def __init__(
        self,
        *,
        account_id: str,
        app_id: str,
        token: str,
        base_url: str | None = None,
        per_second: float = PER_SECOND,
        on_wait: Callable[[float], None] = lambda _: None,
    ) -> None:
        try:
            from cloudflare import AsyncCloudflare  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise SdkMissing(
                "Cloudflare's SDK is not installed: pip install 'aftercall[import]'",
                code="sdk_missing",
            ) from error
        self._ids: dict[str, Any] = {"account_id": account_id}
        self._app_id = app_id
        given: dict[str, Any] = {} if base_url is None else {"base_url": base_url}
        self._client = AsyncCloudflare(api_token=token, max_retries=0, timeout=TIMEOUT_S, **given)
        # Links are signed: the token is nobody's business there.
        self._files = httpx.AsyncClient(
            timeout=TIMEOUT_S, follow_redirects=True, max_redirects=_REDIRECTS
        )
        self._sessions = self._client.realtime_kit.sessions.with_raw_response
        self._recordings = self._client.realtime_kit.recordings.with_raw_response
        self._livestreams = self._client.realtime_kit.livestreams.with_raw_response
        self._pace = Pace(per_second)
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._on_wait = on_wait

    async def close(self) -> None:
        await self._files.aclose()
        await self._client.close()

    async def list_sessions(
        self, *, start_time: str | None, end_time: str | None, page: int, limit: int
    ) -> bytes:
        """A page of the ended sessions, the oldest first."""
        answer = await self._ask(
            self._sessions.get_sessions,
            self._app_id,
            **list_query(start_time, end_time, page=page, limit=limit),
        )
        if answer is None:
            raise Refused("There is no such app, or the token is not for it.", code="app_not_found")
        return answer

    async def session(self, id: str) -> bytes | None:
        return await self._ask(self._sessions.get_session_details, id, app_id=self._app_id)

    async def participants(self, id: str, *, page: int, limit: int) -> bytes | None:
        """A page of a session's participants with their peer events, the first to join first."""
        return await self._ask(
            self._sessions.get_session_participants,
            id,
            app_id=self._app_id,
            **participants_query(page=page, limit=limit),
        )

    async def participant(self, session_id: str, id: str) -> bytes | None:
        return await self._ask(
            self._sessions.get_session_participant_details,
            id,
            app_id=self._app_id,
            session_id=session_id,
        )

    async def peer_report(self, peer_id: str) -> bytes | None:
        return await self._ask(
            self._sessions.get_participant_data_from_peer_id, peer_id, app_id=self._app_id
        )

    async def link(
        self, session_id: str, kind: Literal["chat", "transcript", "summary"]
    ) -> bytes | None:
        """The answer with a signed link. Another Aftercall writes chat as JSON when asked."""
        ask: Callable[..., Awaitable[Any]]
        more: dict[str, Any]
        match kind:
            case "chat":
                ask, more = self._sessions.get_session_chat, {"extra_query": {"format": "JSON"}}
            case "transcript":
                ask, more = self._sessions.get_session_transcripts, {"format": "JSON"}
            case "summary":
                ask, more = self._sessions.get_session_summary, {}
        return await self._ask(ask, session_id, app_id=self._app_id, **more)

    async def recordings(self, meeting_id: str, *, page: int, limit: int) -> bytes | None:
        """A page of the recordings of a meeting."""
        return await self._ask(
            self._recordings.get_recordings,
            self._app_id,
            **recordings_query(meeting_id, page=page, limit=limit),
        )

    async def livestreams(self, session_id: str) -> bytes | None:
        """The livestreams of a session: an operation that the SDK has no method for."""
        kit = f"/accounts/{self._ids['account_id']}/realtime/kit/{self._app_id}"

        async def get(**_: Any) -> httpx.Response:
            path = f"{kit}/sessions/{session_id}/livestream-sessions"
            return await self._client.get(path, cast_to=httpx.Response)

        return await self._ask(get)

    async def livestream(self, id: str) -> bytes | None:
        """A livestream with its name and where it plays."""
        return await self._ask(
            self._livestreams.get_livestream_session_for_livestream_id, id, app_id=self._app_id
        )

    async def download(self, url: str) -> tuple[bytes, str]:
        """The file of a signed link and its content type. Raises `LinkOver`."""
        if urlsplit(url).scheme not in ("http", "https"):
            raise Malformed("A link leads to no web address.", code="bad_answer")

        async def get() -> tuple[bytes, str]:
            async with self._files.stream("GET", url) as response:
                if response.status_code in _GONE:
                    raise LinkOver(str(response.status_code))
                response.raise_for_status()
                pieces, size = [], 0
                async for piece in response.aiter_bytes():
                    pieces.append(piece)
                    size += len(piece)
                    if size > MOST_BYTES:
                        raise Malformed("A file is too large to keep.", code="too_large")
                return b"".join(pieces), response.headers.get("content-type", "")

        return await self._repeated(get)

    async def _ask(
        self, call: Callable[..., Awaitable[Any]], *words: str, **given: Any
    ) -> bytes | None:
        """The body of an answer; `None` if there is no such thing. Raises `Refused`."""

        async def ask() -> bytes:
            response = await call(*words, **self._ids, **given)
            content: bytes = await _whole(response)
            return content

        try:
            return await self._repeated(ask)
        except _Denied as denied:
            if denied.status == _NOT_FOUND:
                return None
            raise Refused(
                f"RealtimeKit answered {denied.status}: {denied}", code="vendor_refused"
            ) from denied

    async def _repeated(self, ask: Callable[[], Awaitable[T]]) -> T:
        tries = 0
        while True:
            async with self._at_once:
                await self._pace.wait()
                try:
                    return await ask()
                except Exception as error:
                    wait_s = _wait_after(error, tries)
                    if wait_s is None:
                        raise
                    tries += not _is_asked_to_wait(error)
                    self._pace.pause(wait_s)
            self._on_wait(wait_s)


async def _whole(response: Any) -> bytes:
    is_plain = isinstance(response, httpx.Response)
    content: bytes = await (response.aread() if is_plain else response.read())
    return content


class _Denied(Exception):
    """An answer that a repeat would not change."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _response_of(error: Exception) -> httpx.Response | None:
    response = getattr(error, "response", None)
    return response if isinstance(response, httpx.Response) else None


def _is_asked_to_wait(error: Exception) -> bool:
    response = _response_of(error)
    return response is not None and response.status_code == _TOO_MANY


def _wait_after(error: Exception, tries: int) -> float | None:
    """How long to wait before a repeat, in seconds; `None` if the error stays an error. Raises
    `_Denied` for an answer that a repeat would not change."""
    response = _response_of(error)
    if response is None:
        is_of_network = isinstance(error, httpx.TransportError) or "Connection" in str(error)
        is_of_network = is_of_network or type(error).__name__ in _NETWORK_ERRORS
        if not is_of_network or tries + 1 >= TRIES:
            return None
        return _backoff_s(tries)
    status = response.status_code
    if status != _TOO_MANY and status < _SERVER_ERROR:
        raise _Denied(status, f"{error}"[:300]) from error
    headers = response.headers
    asked = read_retry_after_s(headers.get("retry-after", ""), headers.get("date", ""))
    if status == _TOO_MANY:
        return min(LONGEST_ASKED_S, asked or _backoff_s(tries + 3))
    if tries + 1 >= TRIES:
        return None
    return min(LONGEST_ASKED_S, asked or _backoff_s(tries))


_NETWORK_ERRORS: Final = frozenset({"APIConnectionError", "APITimeoutError"})


def _backoff_s(tries: int) -> float:
    return min(LONGEST_S, 2.0**tries)
