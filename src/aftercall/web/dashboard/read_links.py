"""Links with which one session can be read: made, listed, revoked, and opened."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.params import RawBody

from aftercall.core.errors import Malformed, Refused
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.service.accounts import read_links
from aftercall.web.dashboard.queries import CURSOR, LIMIT, read_cursor
from aftercall.web.downloads import url_of_path
from aftercall.web.http.cookies import check_origin, is_secure, write_link_cookie
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
)
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.cursors import encode_cursor
from aftercall.wire.dashboard.read_links import (
    MadeReadLink,
    NewReadLink,
    OpenedReadLink,
    ReadLink,
    ReadLinkCode,
    ReadLinkPage,
    RevokedReadLink,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Query, parse_path_id

TAG: Final = "Read links"
PAGE: Final = "/shared#"
"""The page that a link leads to. What follows `#` stays in the browser: no server, proxy or log
sees the code."""

_OF_A_SESSION: Final = "/calls/{session_id:str}"


@post(
    _OF_A_SESSION + "/read-links",
    opt=described(
        summary="Make a link with which one session can be read",
        tag=TAG,
        about="Whoever has the link reads this session, and nothing else, until it expires or is "
        "revoked. Chat, transcript and summary are left out unless `with_talk`. The address is in "
        "this answer and nowhere else. For admins.",
        body=NewReadLink,
        answer=MadeReadLink,
    ),
)
async def create_read_link(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    request: Request[Any, Any, Any],
    session_id: PathId,
    body: RawBody,
) -> Answer[MadeReadLink]:
    tenant.check_admin()
    wanted = parse_body(body, NewReadLink)
    link, code = await services.read_links.create(
        tenant.account_id,
        tenant.app_id,
        parse_path_id(session_id, what="session"),
        life_s=wanted.expires_in_s,
        with_talk=wanted.with_talk,
        actor=tenant.caller,
    )
    url = url_of_path(request, services, PAGE + code)
    return encode_answer(MadeReadLink(link=_link(link), url=url), has_alias=False)


@get(
    _OF_A_SESSION + "/read-links",
    opt=described(
        summary="List the read links of a session",
        tag=TAG,
        about="Those that have not expired, the latest first. For admins.",
        parameters=(LIMIT, CURSOR),
        answer=ReadLinkPage,
    ),
)
async def list_read_links_of_session(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[ReadLinkPage]:
    tenant.check_admin()
    id = parse_path_id(session_id, what="session")
    limit = LIMIT.read(parameters)
    found = await services.read_links.list_links(
        tenant.app_id, session_id=id, before=_before(parameters), limit=limit
    )
    return encode_answer(_page(found, limit), has_alias=False)


@get(
    "/read-links",
    opt=described(
        summary="List the read links of the app",
        tag=TAG,
        about="Those that have not expired, the latest first. For admins.",
        parameters=(LIMIT, CURSOR),
        answer=ReadLinkPage,
    ),
)
async def list_read_links(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[ReadLinkPage]:
    tenant.check_admin()
    limit = LIMIT.read(parameters)
    found = await services.read_links.list_links(
        tenant.app_id, before=_before(parameters), limit=limit
    )
    return encode_answer(_page(found, limit), has_alias=False)


@delete(
    "/read-links/{link_id:str}",
    status_code=200,
    opt=described(
        summary="Revoke a read link",
        tag=TAG,
        about="From the next request on nobody reads with it.",
        answer=RevokedReadLink,
    ),
)
async def revoke_read_link(
    services: ProvidedServices, tenant: ProvidedTenant, link_id: PathId
) -> Answer[RevokedReadLink]:
    tenant.check_admin()
    id = parse_path_id(link_id, what="link")
    await services.read_links.revoke(tenant.account_id, tenant.app_id, id, actor=tenant.caller)
    return encode_answer(RevokedReadLink(id=id), has_alias=False)


@post(
    "/read-links/open",
    status_code=200,
    opt=described(
        summary="Open a read link",
        tag=TAG,
        about="Sets the cookie `aftercall_read_link`, which the browser sends to the endpoints of "
        "this session alone, and which counts only beside the header `X-Read-Link: 1`. Needs no "
        "credentials.",
        body=ReadLinkCode,
        answer=OpenedReadLink,
    ),
)
async def open_read_link(
    services: ProvidedServices, request: Request[Any, Any, Any], body: RawBody
) -> Response[Answer[OpenedReadLink]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Malformed("The body must be JSON", code="unsupported_media_type")
    check_origin(request.headers, services.settings)
    code = parse_body(body, ReadLinkCode).code.strip()
    link = (await services.read_links.open(code)).link
    now = services.clock()
    cookie = write_link_cookie(
        code,
        f"/v1/apps/{link.app_id}/calls/{link.session_id}",
        life_ms=link.expires_at - now,
        is_secure=is_secure(request.url.scheme, services.settings),
    )
    answer = encode_answer(_opened(link, now), has_alias=False)
    return Response(answer, headers={"set-cookie": cookie})


@get(
    _OF_A_SESSION + "/read-link",
    opt=described(
        summary="Get the read link that the caller reads with",
        tag=TAG,
        about="Until when it may be read, and whether with chat, transcript and summary.",
        answer=OpenedReadLink,
        by_read_link=True,
    ),
)
async def get_own_read_link(
    services: ProvidedServices, tenant: ProvidedTenant, session_id: PathId
) -> Answer[OpenedReadLink]:
    if tenant.link is None:
        raise Refused("The request is not one with a read link", code="no_read_link")
    return encode_answer(_opened(tenant.link, services.clock()), has_alias=False)


def _link(link: read_links.ReadLink) -> ReadLink:
    return ReadLink(
        id=link.id,
        session_id=link.session_id,
        with_talk=link.with_talk,
        created_at=link.created_at,
        created_by=link.created_by,
        expires_at=link.expires_at,
        revoked_at=link.revoked_at,
        last_opened_at=link.last_opened_at,
        times_opened=link.times_opened,
    )


def _opened(link: read_links.ReadLink, now: EpochMs) -> OpenedReadLink:
    return OpenedReadLink(
        app_id=link.app_id,
        session_id=link.session_id,
        with_talk=link.with_talk,
        expires_at=link.expires_at,
        now=now,
    )


def _page(found: Sequence[read_links.ReadLink], limit: int) -> ReadLinkPage:
    last = found[-1] if len(found) == limit else None
    cursor = None if last is None else Cursor(last.created_at, last.id, False)
    return ReadLinkPage(links=[_link(link) for link in found], next_cursor=encode_cursor(cursor))


def _before(parameters: Query) -> tuple[EpochMs, str] | None:
    cursor = read_cursor(parameters)
    return None if cursor is None else (EpochMs(int(cursor.key)), cursor.id)


open_handlers = (open_read_link,)
handlers = (
    create_read_link,
    list_read_links_of_session,
    list_read_links,
    revoke_read_link,
    get_own_read_link,
)
