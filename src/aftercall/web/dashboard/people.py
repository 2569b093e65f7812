"""People across sessions, and sums over days."""

from typing import Final

from litestar import get

from aftercall.web.dashboard.queries import CURSOR, FROM, LIMIT, TO, read_cursor, read_range
from aftercall.web.http.dependencies import PathId, ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.overview import Overview, encode_overview
from aftercall.wire.dashboard.people import PeoplePage, PersonPage, encode_people, encode_person
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Text, parse_path_id

SEARCH: Final = Text(
    name="search", about="Words (or their beginnings) of the name, or a whole id of the person."
)


@get(
    "/people",
    opt=described(
        summary="List people",
        tag="People",
        about="Who was last in a call comes first. Only calls that have ended count.",
        parameters=(SEARCH, LIMIT, CURSOR),
        answer=PeoplePage,
    ),
)
async def list_people(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[PeoplePage]:
    page = await services.people.list_people(
        tenant.app_id,
        search=SEARCH.read(parameters),
        cursor=read_cursor(parameters),
        limit=LIMIT.read(parameters),
    )
    return encode_answer(encode_people(page), has_alias=False)


@get(
    "/people/{person:str}",
    opt=described(
        summary="Get a person and that person's calls",
        tag="People",
        parameters=(LIMIT, CURSOR),
        answer=PersonPage,
    ),
)
async def get_person(
    services: ProvidedServices, tenant: ProvidedTenant, person: PathId, parameters: ProvidedQuery
) -> Answer[PersonPage]:
    page = await services.people.find_person(
        tenant.app_id,
        parse_path_id(person, what="person"),
        cursor=read_cursor(parameters),
        limit=LIMIT.read(parameters),
    )
    return encode_answer(encode_person(page), has_alias=False)


@get(
    "/overview",
    opt=described(
        summary="Get calls by the day, and what the bad ones have in common",
        tag="Overview",
        about="Days in UTC, both included; the last thirty unless said otherwise, at most 366. "
        "Each number comes with the query of the list behind it.",
        parameters=(FROM, TO),
        answer=Overview,
    ),
)
async def get_overview(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[Overview]:
    found = await services.overviews.overview(tenant.app_id, *read_range(parameters))
    return encode_answer(encode_overview(found), has_alias=False)


handlers = (list_people, get_person, get_overview)
