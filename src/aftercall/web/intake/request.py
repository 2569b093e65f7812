"""A request to the intake: its credentials, its body, and what the body costs."""

from typing import NamedTuple

from litestar.types import Receive

from aftercall.core.rate_budgets import BudgetKind
from aftercall.service.accounts.intake_rate_limits import Account
from aftercall.settings import Settings
from aftercall.web.http.auth import read_credentials
from aftercall.web.http.cors import Headers
from aftercall.web.http.request_body import read_body
from aftercall.wire.query import Query


class IntakeRequest(NamedTuple):
    """A request whose body has not been read."""

    headers: Headers
    receive: Receive
    address: str | None
    """The sender's, as far back as the proxies are trusted."""
    query: Query
    url: str = ""
    """The address the request was sent to, as the outside world knows it, without its query."""

    async def read_body(self, settings: Settings, account: Account | None) -> bytes:
        """The body, decompressed. The account pays for its bytes, if it is known by now."""
        body = await read_body(
            self.receive,
            self.headers,
            largest=settings.collect_max_bytes,
            largest_inflated=settings.collect_max_inflated_bytes,
        )
        if account is not None:
            account.pay(BudgetKind.BYTES, len(body))
        return body


def bearer_token(headers: Headers) -> str | None:
    """The token of `Authorization: Bearer`."""
    scheme, _, token = _text(headers, b"authorization").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def api_token(headers: Headers) -> str | None:
    """An API token as `Authorization: Bearer` or `X-Auth-Key`."""
    return bearer_token(headers) or _text(headers, b"x-auth-key") or None


def api_token_or_basic(headers: Headers) -> str | None:
    """An API token as `Authorization: Bearer`, as the password of HTTP Basic with any user, or as
    `X-Auth-Key`. Raises `Refused` for a header that cannot be read."""
    texts = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
    return read_credentials(texts).token


def _text(headers: Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
