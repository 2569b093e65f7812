"""What was posted to webhooks: listed, posted again, tried; and the secrets that sign it."""

from typing import Final

from litestar import get, post
from litestar.params import RawBody

from aftercall.core.errors import InvalidBody
from aftercall.core.list_queries import Cursor
from aftercall.core.webhooks import DeliveryState
from aftercall.web.dashboard.queries import CURSOR, LIMIT, read_cursor
from aftercall.web.http.dependencies import PathId, ProvidedQuery, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.cursors import encode_cursor
from aftercall.wire.dashboard.webhooks import (
    STATE,
    DeliveryPage,
    DeliveryStatus,
    Replayed,
    ReplayRange,
    WebhookSecret,
    WebhookStatusList,
    encode_delivery,
    encode_webhook_status,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import parse_path_id
from aftercall.wire.times import parse_time

TAG: Final = "Webhooks"
_ONE: Final = "/webhooks/{webhook_id:str}"


@get(
    "/webhooks",
    opt=described(
        summary="List webhooks and how their receivers answer",
        tag=TAG,
        about="For admins.",
        answer=WebhookStatusList,
    ),
)
async def list_webhook_statuses(
    services: ProvidedServices, tenant: ProvidedTenant
) -> Answer[WebhookStatusList]:
    tenant.check_admin()
    found = await services.webhooks.list_webhooks(tenant.app_id)
    statuses = [encode_webhook_status(webhook) for webhook in found]
    return encode_answer(WebhookStatusList(webhooks=statuses), has_alias=False)


@get(
    _ONE + "/secret",
    opt=described(
        summary="Get the secret of a webhook",
        tag=TAG,
        about="With it a receiver checks the header `webhook-signature`. For admins.",
        answer=WebhookSecret,
    ),
)
async def get_webhook_secret(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId
) -> Answer[WebhookSecret]:
    tenant.check_admin()
    id = parse_path_id(webhook_id, what="webhook")
    secret = await services.webhooks.secret_of(tenant.app_id, id)
    return encode_answer(WebhookSecret(webhook_id=id, secret=secret), has_alias=False)


@post(
    _ONE + "/secret",
    status_code=200,
    opt=described(
        summary="Renew the secret of a webhook",
        tag=TAG,
        about="The one before signs beside it for a day.",
        answer=WebhookSecret,
    ),
)
async def renew_webhook_secret(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId
) -> Answer[WebhookSecret]:
    tenant.check_admin()
    id = parse_path_id(webhook_id, what="webhook")
    secret = await services.webhooks.renew_secret(
        tenant.account_id, tenant.app_id, id, actor=tenant.caller
    )
    return encode_answer(WebhookSecret(webhook_id=id, secret=secret), has_alias=False)


@get(
    _ONE + "/deliveries",
    opt=described(
        summary="List what is owed to a webhook and what was posted",
        tag=TAG,
        about="The latest first, with codes, times and the beginning of the answers. For admins.",
        parameters=(STATE, LIMIT, CURSOR),
        answer=DeliveryPage,
    ),
)
async def list_webhook_deliveries(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    webhook_id: PathId,
    parameters: ProvidedQuery,
) -> Answer[DeliveryPage]:
    tenant.check_admin()
    cursor, limit = read_cursor(parameters), LIMIT.read(parameters)
    found = await services.delivery_log.list_deliveries(
        tenant.app_id,
        parse_path_id(webhook_id, what="webhook"),
        state=STATE.read(parameters),
        before=None if cursor is None else int(cursor.key),
        limit=limit + 1,
    )
    page = found[:limit]
    has_more = len(found) > limit
    following = Cursor(page[-1].position, page[-1].id, False) if has_more else None
    return encode_answer(
        DeliveryPage(
            deliveries=[encode_delivery(each) for each in page],
            next_cursor=encode_cursor(following),
        ),
        has_alias=False,
    )


@post(
    _ONE + "/deliveries/{delivery_id:str}/replay",
    status_code=200,
    opt=described(
        summary="Post a delivery again",
        tag=TAG,
        about="With the same id, and all its attempts before it.",
        answer=DeliveryStatus,
    ),
)
async def replay_webhook_delivery(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId, delivery_id: PathId
) -> Answer[DeliveryStatus]:
    tenant.check_admin()
    delivery = await services.delivery_log.replay(
        tenant.app_id,
        parse_path_id(webhook_id, what="webhook"),
        parse_path_id(delivery_id, what="delivery"),
    )
    return encode_answer(encode_delivery(delivery), has_alias=False)


@post(
    _ONE + "/replay",
    status_code=200,
    opt=described(
        summary="Post the deliveries of a time again",
        tag=TAG,
        about="Those that are dead, or that ended as the body says; each with the same id.",
        body=ReplayRange,
        answer=Replayed,
    ),
)
async def replay_webhook_deliveries(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId, body: RawBody
) -> Answer[Replayed]:
    tenant.check_admin()
    wanted = parse_body(body, ReplayRange)
    from_at, until = parse_time(wanted.from_, field="from"), parse_time(wanted.until, field="until")
    if until <= from_at:
        raise InvalidBody('"until" must be later than "from"', code="bad_range", field="until")
    count = await services.delivery_log.replay_range(
        tenant.app_id,
        parse_path_id(webhook_id, what="webhook"),
        states=[DeliveryState(state) for state in wanted.states],
        from_at=from_at,
        until=until,
    )
    return encode_answer(Replayed(replayed=count), has_alias=False)


@post(
    _ONE + "/test",
    opt=described(
        summary="Send a test delivery",
        tag=TAG,
        about="The event `webhook.test`, posted, signed and repeated as all others.",
        answer=DeliveryStatus,
    ),
)
async def test_webhook(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId
) -> Answer[DeliveryStatus]:
    tenant.check_admin()
    delivery = await services.delivery_log.test(
        tenant.app_id, parse_path_id(webhook_id, what="webhook"), key=services.new_id()
    )
    return encode_answer(encode_delivery(delivery), has_alias=False)


handlers = (
    list_webhook_statuses,
    get_webhook_secret,
    renew_webhook_secret,
    list_webhook_deliveries,
    replay_webhook_delivery,
    replay_webhook_deliveries,
    test_webhook,
)
