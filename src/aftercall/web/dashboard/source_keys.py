"""Keys with which other systems sign what they post: stored, listed, removed."""

from collections.abc import Mapping
from typing import Final

from litestar import delete, get, post
from litestar.params import RawBody

from aftercall.service.accounts import source_keys
from aftercall.web.http.dependencies import PathId, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.dashboard.source_keys import (
    AskedServer,
    NewSourceKey,
    RemovedSourceKey,
    SourceKey,
    SourceKeyList,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import parse_path_id

TAG: Final = "Sources"


@post(
    "/source-keys",
    opt=described(
        summary="Store a key of a source",
        tag=TAG,
        about="A key with which another system signs what it posts, such as LiveKit its webhooks; "
        "in place of one with the same id. The secret is stored encrypted and is in no answer. A "
        "LiveKit server whose `server_url` is given is asked who is in which room. For admins.",
        body=NewSourceKey,
        answer=SourceKey,
    ),
)
async def add_source_key(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[SourceKey]:
    tenant.check_admin()
    wanted = parse_body(body, NewSourceKey)
    key = await services.source_keys.add(
        tenant.account_id,
        tenant.app_id,
        wanted.source,
        wanted.key_id,
        wanted.secret,
        server_url=wanted.server_url,
        actor=tenant.caller,
    )
    servers = await services.source_keys.list_servers(tenant.app_id)
    return encode_answer(_key(key, servers), has_alias=False)


@get(
    "/source-keys",
    opt=described(
        summary="List the keys of sources",
        tag=TAG,
        about="Without their secrets, by source and id. For admins.",
        answer=SourceKeyList,
    ),
)
async def list_source_keys(
    services: ProvidedServices, tenant: ProvidedTenant
) -> Answer[SourceKeyList]:
    tenant.check_admin()
    found = await services.source_keys.list_keys(tenant.app_id)
    servers = await services.source_keys.list_servers(tenant.app_id)
    keys = [_key(key, servers) for key in found]
    return encode_answer(SourceKeyList(keys=keys), has_alias=False)


@delete(
    "/source-keys/{source:str}/{key_id:str}",
    status_code=200,
    opt=described(
        summary="Remove a key of a source",
        tag=TAG,
        about="What is signed with it is refused, at the latest after five seconds. For admins.",
        answer=RemovedSourceKey,
    ),
)
async def remove_source_key(
    services: ProvidedServices, tenant: ProvidedTenant, source: PathId, key_id: PathId
) -> Answer[RemovedSourceKey]:
    tenant.check_admin()
    source, key_id = parse_path_id(source, what="source"), parse_path_id(key_id, what="key")
    await services.source_keys.remove(
        tenant.account_id, tenant.app_id, source, key_id, actor=tenant.caller
    )
    return encode_answer(RemovedSourceKey(source=source, key_id=key_id), has_alias=False)


def _key(
    key: source_keys.SourceKey, servers: Mapping[tuple[str, str], source_keys.PolledServer]
) -> SourceKey:
    server = servers.get((key.source, key.key_id))
    return SourceKey(
        source=key.source,
        key_id=key.key_id,
        created_at=key.created_at,
        created_by=key.created_by,
        server=None
        if server is None
        else AskedServer(
            url=server.url,
            asked_at=server.asked_at,
            answered_at=server.answered_at,
            error=server.error,
        ),
    )


handlers = (add_source_key, list_source_keys, remove_source_key)
