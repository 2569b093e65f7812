"""People across sessions."""

from typing import Final

from litestar import get

from aftercall.web.dashboard.queries import CURSOR, LIMIT, read_cursor
from aftercall.web.http.dependencies import PathId, ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
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


handlers = (list_people, get_person)
