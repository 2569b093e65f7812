"""Authentication of a request, and the app it is for.

A token comes in one of three ways: `Authorization: Bearer <API token>`; `X-Auth-Key: <API token>`
beside `X-Auth-Email`, as older Cloudflare clients do; and, below `/v2`, HTTP Basic with the app's
id as user and the API token as password, which names the app as well. A browser that is signed
in to the dashboard sends its cookie. A page that was opened with a read link says so in a header:
its requests are answered by the handlers that are marked for it, and by no other.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import structlog
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from aftercall.core.errors import Refused, Unauthenticated
from aftercall.core.records import Role
from aftercall.service.accounts.read_links import check_reads
from aftercall.service.accounts.sign_in import SignedIn
from aftercall.service.accounts.tokens import Grant
from aftercall.service.audit import Actor
from aftercall.service.services import Services
from aftercall.web.http.access_log import HEADERS_KEY
from aftercall.web.http.cookies import (
    check_forgery,
    is_by_link,
    read_cookie,
    read_link_cookie,
)
from aftercall.web.http.dependencies import PathId, ProvidedServices, Tenant
from aftercall.web.http.rest_rate_limit import TokenLimits
from aftercall.wire.query import parse_path_id

ProvidedLimits: TypeAlias = NamedDependency[SkipValidation[TokenLimits]]

SIGNED_IN_KEY: Final = "signed_in"
"""Where in the scope's `state` a request by cookie has its `SignedIn`."""

READ_LINK_OPT: Final = "by_read_link"
"""In the `opt` of a handler below a session of an app: whether a read link of that session is
enough."""

_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The credentials of a request. `user` is the name HTTP Basic gives."""

    token: str | None = None
    user: str | None = None


def read_credentials(headers: Mapping[str, str]) -> Credentials:
    """The credentials in `headers` (lower-case names). Raises `Refused` for a scheme or a
    Basic value that cannot be read."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return Credentials(token=value.strip())
        case "basic":
            return _read_basic(value.strip())
        case "":
            return Credentials(token=headers.get("x-auth-key"))
        case _:
            raise _unreadable("The authorization scheme must be Bearer or Basic")


def _read_basic(value: str) -> Credentials:
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise _unreadable("The Basic credentials cannot be read")
    return Credentials(token=password, user=user)


def _unreadable(message: str) -> Refused:
    return Unauthenticated(message, code="bad_credentials")


def needed_role(method: str) -> Role:
    """Reading needs `READ`, anything else `ADMIN`."""
    return Role.READ if method in _READING else Role.ADMIN


async def authenticate(
    request: Request[Any, Any, Any], services: Services, limits: TokenLimits
) -> Grant:
    """The rights of the caller of `request`. Raises `Refused`, or `Busy` over its limit."""
    if is_by_link(request.headers):
        raise _beyond_link()
    state = request.scope["state"]
    signed_in = await find_signed_in(request.headers, services)
    if signed_in is not None:
        check_forgery(request.method, request.headers, signed_in, services.settings)
        state[SIGNED_IN_KEY] = signed_in
    grant = await find_grant(request.headers, services, signed_in)
    state["token_id"] = grant.token_id
    limits.spend(grant.token_id, state.setdefault(HEADERS_KEY, {}))
    return grant


async def find_signed_in(headers: Mapping[str, str], services: Services) -> SignedIn | None:
    """Who is signed in by cookie, when the request has no other credentials. Raises
    `Refused` for a sign-in that is over."""
    if read_credentials(headers).token is not None:
        return None
    secret = read_cookie(headers)
    return None if secret is None else await services.sign_ins.find(secret)


async def find_grant(
    headers: Mapping[str, str], services: Services, signed_in: SignedIn | None = None
) -> Grant:
    """The rights of the caller with these headers. Raises `Refused`."""
    known = signed_in or await find_signed_in(headers, services)
    if known is not None:
        return known.grant
    return await services.access.authenticate(read_credentials(headers).token)


async def grant_of_caller(
    request: Request[Any, Any, Any], services: ProvidedServices, limits: ProvidedLimits
) -> Grant:
    """The grant of a request that names no account: the caller's own."""
    grant = await authenticate(request, services, limits)
    services.access.check_account(grant, grant.account_id, needs=needed_role(request.method))
    return grant


async def tenant_of_app(
    request: Request[Any, Any, Any],
    services: ProvidedServices,
    limits: ProvidedLimits,
    app_id: PathId,
) -> Tenant:
    """The app named in the path, in the caller's own account, or that of a read link's session."""
    if is_by_link(request.headers):
        return await _tenant_of_link(request, services, limits, app_id)
    grant = await authenticate(request, services, limits)
    return await _tenant(request, services, grant, app_id)


async def grant_of_account(
    request: Request[Any, Any, Any],
    services: ProvidedServices,
    limits: ProvidedLimits,
    account_id: PathId,
) -> Grant:
    """The grant of a request about an account as a whole."""
    grant = await authenticate(request, services, limits)
    services.access.check_account(grant, account_id, needs=needed_role(request.method))
    return grant


async def tenant_of_path(
    request: Request[Any, Any, Any],
    services: ProvidedServices,
    limits: ProvidedLimits,
    account_id: PathId,
    app_id: PathId,
) -> Tenant:
    """The app named in the path."""
    grant = await authenticate(request, services, limits)
    services.access.check_account(grant, account_id, needs=needed_role(request.method))
    return await _tenant(request, services, grant, app_id)


async def tenant_of_credentials(
    request: Request[Any, Any, Any], services: ProvidedServices, limits: ProvidedLimits
) -> Tenant:
    """The app named by HTTP Basic, or else the one the token was made for."""
    user = read_credentials(request.headers).user
    grant = await authenticate(request, services, limits)
    app_id = user or grant.app_id
    if app_id is None:
        raise Refused("Name the app as the user of HTTP Basic", code="app_not_named")
    return await _tenant(request, services, grant, app_id)


async def _tenant(
    request: Request[Any, Any, Any], services: Services, grant: Grant, app_id: str
) -> Tenant:
    app = await services.access.app_for(
        grant, parse_path_id(app_id, what="app"), needs=needed_role(request.method)
    )
    structlog.contextvars.bind_contextvars(app_id=app.id)
    return Tenant(
        account_id=app.account_id,
        app_id=app.id,
        report_shape=app.report_shape,
        caller=Actor(grant.token_id),
        role=grant.role,
        is_of_account=grant.app_id is None,
    )


async def _tenant_of_link(
    request: Request[Any, Any, Any], services: Services, limits: TokenLimits, app_id: str
) -> Tenant:
    """The app of a read link, for a handler that serves the link's session."""
    if request.method not in _READING or not request.route_handler.opt.get(READ_LINK_OPT):
        raise _beyond_link()
    code = read_link_cookie(request.headers)
    if code is None:
        raise Unauthenticated("Open the read link first", code="read_link_missing")
    opened = await services.read_links.find(code)
    check_reads(opened, app_id, request.path_params.get("session_id"))
    state = request.scope["state"]
    state["token_id"] = opened.actor.id
    limits.spend(opened.actor.id, state.setdefault(HEADERS_KEY, {}))
    structlog.contextvars.bind_contextvars(app_id=app_id)
    return Tenant(
        account_id=opened.app.account_id,
        app_id=app_id,
        report_shape=opened.app.report_shape,
        caller=opened.actor,
        role=Role.READ,
        link=opened.link,
    )


def _beyond_link() -> Refused:
    return Refused("A read link reads one session and nothing else", code="read_link_limits")
