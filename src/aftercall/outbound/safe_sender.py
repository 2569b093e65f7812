"""Sends requests to addresses that users of this server chose.

Such an address may lead to the operator's own network, so names are resolved here, and connections
go to addresses that were checked: a name that resolves differently a moment later changes nothing.
Certificates are verified for the name. Redirects are not followed, proxies of the environment are
not used, and a receiver can neither hold a request for longer than its time nor send more than is
read.
"""

import asyncio
import socket
import ssl
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

import anyio
import anyio.to_thread
import httpcore
import httpx

from aftercall.core.errors import AftercallError, InvalidBody
from aftercall.outbound.address_rules import AddressRules, Network, read_networks
from aftercall.outbound.retry_after import read_retry_after_s
from aftercall.settings import BadSetting, Settings

MOST_EXCERPT_BYTES: Final = 1_024
MOST_READ_BYTES: Final = 16_384
"""A body that ends within so many bytes leaves its connection open for the next request."""

BODY_TIMEOUT_S: Final = 2.0
"""How long the excerpt is waited for once the status has come."""

MOST_TRIED_ADDRESSES: Final = 4
"""Addresses of a name that are connected to, one after another."""

KEEP_OPEN_S: Final = 15.0
MOST_KEPT_OPEN: Final = 50
"""Idle connections, over all receivers."""

LOOKUPS_AT_ONCE: Final = 16
"""Threads that wait for the resolver. A name whose servers are silent occupies one for as long as
the resolver takes, even after its request has run out of time."""

MAX_PORT: Final = 65_535
_PORTS: Final = {"http": 80, "https": 443}

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a name and a port to IP addresses, the preferred one first. Raises `OSError`."""


class AddressRefused(InvalidBody):
    """No request may go to this URL, now or later unless a setting changes.

    `bad_url`: it cannot be read. `url_not_web`: neither http nor https. `url_has_credentials`: a
    user name or a password in it. `address_refused`: it leads to an address that is not public.
    """

    code = "address_refused"


class Unreachable(AftercallError):
    """The receiver gave no answer; the same request may succeed later.

    `name_not_resolved`, `connection_failed`, `tls_failed`, `timed_out`, `unreadable_answer` (what
    came is no HTTP).
    """

    code = "unreachable"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a receiver answered."""

    status: int
    """Every status from 200 on; a redirect is an answer as others are."""
    excerpt: bytes
    """The beginning of the body as it was sent, at most 1,024 bytes."""
    retry_after_s: float | None
    """The wait that the receiver asks for, from 0 on, if it does; not bounded."""


class StreamedBody(NamedTuple):
    """A body that is read while it is sent, such as a file: its length, and what gives its pieces
    from the beginning."""

    size: int
    pieces: Callable[[], AsyncIterator[bytes]]


@dataclass(frozen=True, kw_only=True)
class WholeAnswer:
    """An answer that was read to its end."""

    status: int
    body: bytes
    retry_after_s: float | None
    """As in `Answer`."""


async def look_up(name: str, port: int) -> list[str]:
    """The addresses of a name by the resolver of this machine."""

    def ask() -> list[Any]:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)

    found = await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=_lookups())
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


_LIMITERS: Final[dict[asyncio.AbstractEventLoop, anyio.CapacityLimiter]] = {}


def _lookups() -> anyio.CapacityLimiter:
    loop = asyncio.get_running_loop()
    for other in [each for each in _LIMITERS if each.is_closed()]:
        del _LIMITERS[other]
    return _LIMITERS.setdefault(loop, anyio.CapacityLimiter(LOOKUPS_AT_ONCE))


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that the rules allow, whatever name was asked for."""

    def __init__(self, rules: AddressRules, resolve: Resolve) -> None:
        self._rules = rules
        self._resolve = resolve
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in (await self._allowed(host, port))[:MOST_TRIED_ADDRESSES]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise Unreachable(f"{host} does not accept connections.", code="connection_failed") from (
            failure
        )

    async def _allowed(self, host: str, port: int) -> list[str]:
        addresses = [host] if _is_address(host) else await self._resolved(host, port)
        allowed = [address for address in addresses if self._rules.allows(address)]
        if not allowed:
            raise AddressRefused(
                f"{host} leads to an address that is not public. The operator may allow its "
                "network with AFTERCALL_OUTBOUND_ALLOW."
            )
        return allowed

    async def _resolved(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unreachable(
                f"The name {host} cannot be resolved.", code="name_not_resolved"
            ) from error
        if not addresses:
            raise Unreachable(f"The name {host} has no address.", code="name_not_resolved")
        return addresses

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("Requests go to no local socket.")

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class SafeSender:
    """Posts bodies to receivers. One for a process; `close` it at the end.

    How many requests run at once, and for whom, is the caller's business: a receiver that is silent
    holds its own request for `timeout_s` and no other.
    """

    def __init__(
        self,
        allowed: Iterable[Network] = (),
        *,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls`: the authorities that certificates are verified with, if not the usual ones."""
        self._rules = AddressRules(allowed)
        self._backend = _CheckedBackend(self._rules, resolve)
        self._tls = tls
        self._connections: httpcore.AsyncConnectionPool | None = None

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.aclose()

    def check(self, url: str) -> None:
        """Refuse a URL that no request may go to, as far as that shows without asking a resolver.
        Raises `AddressRefused`."""
        host = _read(url).host
        if _is_address(host) and not self._rules.allows(host):
            raise AddressRefused(f"{host} is not a public address.")

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        """Send one POST request. Raises `AddressRefused` and `Unreachable`.

        `timeout_s` covers everything from the lookup of the name on. A status that has come by then
        is an answer, with as much of the excerpt as came within 2 s. `headers` replace the usual
        ones.
        """
        to = _read(url)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline):
                    response = await stack.enter_async_context(self._sent(to, headers, body))
            except TimeoutError as error:
                raise Unreachable(
                    f"{to.host} did not answer within {timeout_s:g} s.", code="timed_out"
                ) from error
            return Answer(
                status=response.status,
                excerpt=await _read_excerpt(
                    response, until=min(deadline, loop.time() + BODY_TIMEOUT_S)
                ),
                retry_after_s=_retry_after_s(response),
            )

    async def post_whole(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | StreamedBody,
        timeout_s: float,
        most_bytes: int,
    ) -> WholeAnswer:
        """Send one POST request and read the whole answer, within the time. Raises what `post`
        raises, and `Unreachable` (`answer_too_large`) for a body of more bytes."""
        to = _read(url)
        content = bytearray()
        try:
            async with asyncio.timeout(timeout_s), self._sent(to, headers, body) as response:
                async for piece in response.aiter_stream():
                    content += piece
                    if len(content) > most_bytes:
                        raise Unreachable(
                            f"{to.host} answered with more than {most_bytes:,} bytes.",
                            code="answer_too_large",
                        )
        except TimeoutError as error:
            raise Unreachable(
                f"{to.host} did not answer within {timeout_s:g} s.", code="timed_out"
            ) from error
        return WholeAnswer(
            status=response.status, body=bytes(content), retry_after_s=_retry_after_s(response)
        )

    @asynccontextmanager
    async def _sent(
        self, to: httpx.URL, headers: Mapping[str, str], body: bytes | StreamedBody
    ) -> AsyncIterator[httpcore.Response]:
        try:
            async with self._pool().stream(
                "POST",
                httpcore.URL(
                    scheme=to.raw_scheme,
                    host=to.raw_host,
                    port=to.port or _PORTS[to.scheme],
                    target=to.raw_path,
                ),
                headers=_headers(to, headers, body),
                content=body if isinstance(body, bytes) else body.pieces(),
            ) as response:
                yield response
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            if isinstance(error, httpcore.LocalProtocolError):
                raise
            raise _failure(to.host, error) from error

    def _pool(self) -> httpcore.AsyncConnectionPool:
        if self._connections is None:
            self._connections = httpcore.AsyncConnectionPool(
                ssl_context=self._tls or httpx.create_ssl_context(),
                max_connections=None,
                max_keepalive_connections=MOST_KEPT_OPEN,
                keepalive_expiry=KEEP_OPEN_S,
                network_backend=self._backend,
            )
        return self._connections


def make_sender(settings: Settings) -> SafeSender:
    """The sender of a process. Raises `BadSetting`."""
    try:
        return SafeSender(read_networks(settings.outbound_allow))
    except ValueError as error:
        raise BadSetting(f"outbound_allow must name networks: {error}") from None


def _read(url: str) -> httpx.URL:
    try:
        read = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise AddressRefused("The URL cannot be read.", code="bad_url") from error
    if read.scheme not in _PORTS:
        raise AddressRefused("The URL must begin with https:// or http://.", code="url_not_web")
    if read.userinfo:
        raise AddressRefused(
            "The URL must contain no user name and no password.", code="url_has_credentials"
        )
    if not read.host or (read.port is not None and not 0 < read.port <= MAX_PORT):
        raise AddressRefused("The URL names no host, or no port from 1 to 65535.", code="bad_url")
    return read


def _headers(
    to: httpx.URL, given: Mapping[str, str], body: bytes | StreamedBody
) -> list[tuple[bytes, bytes]]:
    size = len(body) if isinstance(body, bytes) else body.size
    usual = {"accept": "*/*", "user-agent": "Aftercall"}
    named = usual | {name.lower(): value for name, value in given.items()}
    named |= {"host": to.netloc.decode(), "content-length": str(size)}
    named.pop("transfer-encoding", None)
    return [(name.encode(), value.encode()) for name, value in named.items()]


async def _read_excerpt(response: httpcore.Response, *, until: float) -> bytes:
    """The beginning of the body, as much as comes until that time of the loop. What happens to the
    rest does not change the answer: its status was received."""
    excerpt = bytearray()
    size = 0
    try:
        async with asyncio.timeout_at(until):
            async for piece in response.aiter_stream():
                size += len(piece)
                excerpt += piece[: MOST_EXCERPT_BYTES - len(excerpt)]
                if size >= MOST_READ_BYTES:
                    break
    except (TimeoutError, httpcore.NetworkError, httpcore.RemoteProtocolError):
        pass
    return bytes(excerpt)


def _failure(host: str, error: Exception) -> Unreachable:
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return Unreachable(
            f"No trusted encrypted connection to {host} could be made.", code="tls_failed"
        )
    if isinstance(error, httpcore.RemoteProtocolError):
        return Unreachable(f"What {host} answered is no HTTP.", code="unreadable_answer")
    return Unreachable(f"The connection to {host} broke.", code="connection_failed")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What led to an error; httpcore's pool clears `__cause__` of what it raises."""
    cause = error.__context__
    while cause is not None:
        yield cause
        cause = cause.__context__


def _retry_after_s(response: httpcore.Response) -> float | None:
    given = {name.lower(): value.decode("latin-1") for name, value in response.headers}
    return read_retry_after_s(given.get(b"retry-after", ""), given.get(b"date", ""))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
