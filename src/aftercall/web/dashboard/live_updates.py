"""Changes of an app's live sessions, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.response import Stream

from aftercall.core.errors import AftercallError
from aftercall.service.dashboard.live_updates import LiveUpdate
from aftercall.web.http.auth import find_grant
from aftercall.web.http.dependencies import ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.live_updates import encode_live_update

RETRY_MS: Final = 2_000
_BEAT: Final = b": still here\n\n"


@get(
    "/live",
    opt=described(
        summary="Listen to what goes on",
        tag="Calls",
        about="Server-sent events: `hello` with the ids of the sessions that go on, then "
        "`started`, `changed` and `ended` with the session. A comment every 15 s keeps the "
        "connection up.",
        answer={"type": "string"},
        media_type="text/event-stream",
    ),
)
async def listen(
    services: ProvidedServices, tenant: ProvidedTenant, request: Request[Any, Any, Any]
) -> Stream:
    async def is_allowed() -> bool:
        try:
            grant = await find_grant(request.headers, services)
            await services.access.app_for(grant, tenant.app_id, needs=grant.role)
        except AftercallError:
            return False
        return True

    caller: str = request.scope["state"]["token_id"]
    services.live_updates.check_room(tenant.app_id, caller)
    updates = services.live_updates.listen(tenant.app_id, is_allowed, caller=caller)
    return Stream(
        _written(updates),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _written(updates: AsyncIterator[LiveUpdate | None]) -> AsyncIterator[bytes]:
    yield b"retry: %d\n\n" % RETRY_MS
    async for each in updates:
        if each is None:
            yield _BEAT
        else:
            data = msgspec.json.encode(encode_live_update(each.body))
            yield b"event: %s\ndata: %s\n\n" % (each.kind.encode(), data)


handlers = (listen,)
