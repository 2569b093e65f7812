"""Signing in and out, and the signed-in account."""

from typing import Any, Final

import structlog
from litestar import Request, Response, get, post
from litestar.params import RawBody

from aftercall import __version__
from aftercall.core.errors import Malformed
from aftercall.service.accounts.sign_in import SignedIn
from aftercall.service.accounts.tokens import Grant
from aftercall.service.services import Services
from aftercall.web.http.auth import SIGNED_IN_KEY
from aftercall.web.http.cookies import (
    check_origin,
    clear_cookie,
    is_secure,
    read_cookie,
    write_cookie,
)
from aftercall.web.http.dependencies import PathId, ProvidedGrant, ProvidedServices
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import broken_rule, parse_body
from aftercall.wire.dashboard.account import Me, MyApp, SignedOut, SignInBody
from aftercall.wire.dashboard.session_list import Whereabouts
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import parse_path_id

TAG: Final = "Sign-in"
log = structlog.get_logger(__name__)


async def _me(services: Services, grant: Grant, signed_in: SignedIn | None) -> Me:
    myself = await services.sign_ins.myself(grant)
    return Me(
        account_id=grant.account_id,
        account_name=myself.account_name,
        role=grant.role,
        app_id=grant.app_id,
        apps=[MyApp(id=app.id, name=app.name, created_at=app.created_at) for app in myself.apps],
        csrf=signed_in.csrf if signed_in is not None else None,
        expires_at=signed_in.expires_at if signed_in is not None else None,
        version=__version__,
        now=services.clock(),
    )


@post(
    "/sign-in",
    status_code=200,
    opt=described(
        summary="Sign in to the dashboard",
        tag=TAG,
        about="With an API token, or with the code of a link, which is good once. The answer "
        "sets the cookie `aftercall_session`. Needs no credentials.",
        body=SignInBody,
        answer=Me,
    ),
)
async def sign_in(
    services: ProvidedServices, request: Request[Any, Any, Any], body: RawBody
) -> Response[Answer[Me]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Malformed("The body must be JSON", code="unsupported_media_type")
    check_origin(request.headers, services.settings)
    given = parse_body(body, SignInBody)
    if (given.token is None) is (given.link is None):
        raise broken_rule("token", 'or "link" is required, and not both')
    if given.token is not None:
        signed_in = await services.sign_ins.sign_in_with_token(given.token.strip())
    else:
        signed_in = await services.sign_ins.sign_in_with_link((given.link or "").strip())
    secure = is_secure(request.url.scheme, services.settings)
    cookie = write_cookie(signed_in, now=services.clock(), is_secure=secure)
    me = await _me(services, signed_in.grant, signed_in)
    return Response(encode_answer(me, has_alias=False), headers={"set-cookie": cookie})


@post(
    "/sign-out",
    status_code=200,
    opt=described(
        summary="Sign out of the dashboard",
        tag=TAG,
        about="Ends the sign-in of the cookie and clears it. Needs no credentials.",
        answer=SignedOut,
    ),
)
async def sign_out(
    services: ProvidedServices, request: Request[Any, Any, Any]
) -> Response[Answer[SignedOut]]:
    check_origin(request.headers, services.settings)
    secret = read_cookie(request.headers)
    if secret is not None:
        await services.sign_ins.sign_out(secret)
    secure = is_secure(request.url.scheme, services.settings)
    return Response(
        encode_answer(SignedOut(), has_alias=False),
        headers={"set-cookie": clear_cookie(is_secure=secure)},
    )


@get(
    "/me",
    opt=described(summary="Get the caller and the apps it may see", tag=TAG, answer=Me),
)
async def get_me(
    services: ProvidedServices, request: Request[Any, Any, Any], grant: ProvidedGrant
) -> Answer[Me]:
    signed_in = request.scope["state"].get(SIGNED_IN_KEY)
    return encode_answer(await _me(services, grant, signed_in), has_alias=False)


@get(
    "/calls/{session_id:str}",
    opt=described(
        summary="In which of the caller's apps a session is", tag="Calls", answer=Whereabouts
    ),
)
async def find_call(
    services: ProvidedServices, grant: ProvidedGrant, session_id: PathId
) -> Answer[Whereabouts]:
    id = parse_path_id(session_id, what="session")
    myself = await services.sign_ins.myself(grant)
    app_id = await services.session_lists.find_app_of([app.id for app in myself.apps], id)
    return encode_answer(Whereabouts(app_id=app_id, session_id=id), has_alias=False)


open_handlers = (sign_in, sign_out)
handlers = (get_me, find_call)
