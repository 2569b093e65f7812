"""Apps of an account."""

from typing import Final

from litestar import get, post
from litestar.params import RawBody

from aftercall.core.errors import Refused
from aftercall.web.http.dependencies import ProvidedGrant, ProvidedQuery, ProvidedServices
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.envelope import Answer, encode_answer, encode_paging
from aftercall.wire.meetings import APP_SEARCH, AppAnswer, AppBody, CreatedApp, encode_app
from aftercall.wire.query import IS_DESCENDING, PAGE_NO, PER_PAGE, read_window

_TAG: Final = "Apps"


@get(
    "/apps",
    opt=described(
        summary="List the apps of the account",
        tag=_TAG,
        parameters=(PAGE_NO, PER_PAGE, APP_SEARCH, IS_DESCENDING),
        answer=list[AppAnswer],
        is_paged=True,
        refusals=(),
    ),
)
async def list_apps(
    services: ProvidedServices, grant: ProvidedGrant, parameters: ProvidedQuery
) -> Answer[list[AppAnswer]]:
    offset, limit = read_window(parameters)
    page = await services.access.list_apps(
        grant,
        search=APP_SEARCH.read(parameters),
        offset=offset,
        limit=limit,
        is_descending=IS_DESCENDING.read(parameters),
    )
    return encode_answer(
        [encode_app(app) for app in page.items],
        has_alias=services.settings.result_alias,
        paging=encode_paging(page),
    )


@post(
    "/apps",
    opt=described(
        summary="Create an app",
        tag=_TAG,
        about="Needs a token of the account rather than of one app.",
        body=AppBody,
        answer=CreatedApp,
        refusals=(),
    ),
)
async def create_app(
    services: ProvidedServices, grant: ProvidedGrant, body: RawBody
) -> Answer[CreatedApp]:
    if grant.app_id is not None:
        raise Refused("The token is one of an app, not of the account", code="foreign_app")
    app = await services.access.create_app(grant.account_id, parse_body(body, AppBody).name)
    return encode_answer(CreatedApp(app=encode_app(app)), has_alias=services.settings.result_alias)


handlers = (list_apps, create_app)
