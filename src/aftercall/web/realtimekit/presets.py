"""Presets of an app."""

from typing import Final

from litestar import delete, get, patch, post, put
from litestar.params import RawBody

from aftercall.web.http.dependencies import PathId, ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.envelope import Answer, encode_answer, encode_paging
from aftercall.wire.presets import (
    PRESET_SEARCH,
    ListedPreset,
    PresetAnswer,
    PresetBody,
    PresetPatch,
    encode_listed_preset,
    encode_preset,
    read_preset,
    read_preset_patch,
)
from aftercall.wire.query import PAGE_NO, PER_PAGE, parse_path_id, read_window

_TAG: Final = "Presets"
_ONE: Final = "/presets/{preset_id:str}"


@get(
    "/presets",
    opt=described(
        summary="List presets",
        tag=_TAG,
        about="Those that were created, and every other that a participant was added with.",
        parameters=(PAGE_NO, PER_PAGE, PRESET_SEARCH),
        answer=list[ListedPreset],
        is_paged=True,
    ),
)
async def list_presets(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[list[ListedPreset]]:
    offset, limit = read_window(parameters)
    page = await services.presets.list_presets(
        tenant.app_id, search=PRESET_SEARCH.read(parameters), offset=offset, limit=limit
    )
    return encode_answer(
        [encode_listed_preset(preset) for preset in page.items],
        has_alias=services.settings.result_alias,
        paging=encode_paging(page),
    )


@post(
    "/presets",
    opt=described(summary="Create a preset", tag=_TAG, body=PresetBody, answer=PresetAnswer),
)
async def create_preset(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[PresetAnswer]:
    stated = read_preset(body)
    preset = await services.presets.create_preset(
        tenant.app_id, name=stated.name, view_type=stated.view_type, parts=stated.parts
    )
    return encode_answer(encode_preset(preset), has_alias=services.settings.result_alias)


@get(_ONE, opt=described(summary="Get a preset", tag=_TAG, answer=PresetAnswer))
async def get_preset(
    services: ProvidedServices, tenant: ProvidedTenant, preset_id: PathId
) -> Answer[PresetAnswer]:
    preset = await services.presets.find_preset(
        tenant.app_id, parse_path_id(preset_id, what="preset")
    )
    return encode_answer(encode_preset(preset), has_alias=services.settings.result_alias)


@patch(
    _ONE,
    opt=described(
        summary="Change a preset",
        tag=_TAG,
        about="What the body leaves out, at any depth, stays.",
        body=PresetPatch,
        answer=PresetAnswer,
    ),
)
async def update_preset(
    services: ProvidedServices, tenant: ProvidedTenant, preset_id: PathId, body: RawBody
) -> Answer[PresetAnswer]:
    known = await services.presets.find_preset(
        tenant.app_id, parse_path_id(preset_id, what="preset")
    )
    stated = read_preset_patch(body, known)
    preset = await services.presets.replace_preset(
        known, name=stated.name, view_type=stated.view_type, parts=stated.parts
    )
    return encode_answer(encode_preset(preset), has_alias=services.settings.result_alias)


@put(
    _ONE,
    opt=described(summary="Replace a preset", tag=_TAG, body=PresetBody, answer=PresetAnswer),
)
async def replace_preset(
    services: ProvidedServices, tenant: ProvidedTenant, preset_id: PathId, body: RawBody
) -> Answer[PresetAnswer]:
    known = await services.presets.find_preset(
        tenant.app_id, parse_path_id(preset_id, what="preset")
    )
    stated = read_preset(body)
    preset = await services.presets.replace_preset(
        known, name=stated.name, view_type=stated.view_type, parts=stated.parts
    )
    return encode_answer(encode_preset(preset), has_alias=services.settings.result_alias)


@delete(
    _ONE,
    status_code=200,
    opt=described(
        summary="Delete a preset",
        tag=_TAG,
        about="Participants keep its name. The next who is added with it creates it again.",
        answer=PresetAnswer,
    ),
)
async def delete_preset(
    services: ProvidedServices, tenant: ProvidedTenant, preset_id: PathId
) -> Answer[PresetAnswer]:
    preset = await services.presets.delete_preset(
        tenant.app_id, parse_path_id(preset_id, what="preset")
    )
    return encode_answer(encode_preset(preset), has_alias=services.settings.result_alias)


handlers = (
    list_presets,
    create_preset,
    get_preset,
    update_preset,
    replace_preset,
    delete_preset,
)
