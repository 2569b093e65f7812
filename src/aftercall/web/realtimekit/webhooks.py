"""Webhooks of an app, as RealtimeKit's SDKs manage them; and the key that signs their bodies."""

from typing import Final

import msgspec
from litestar import Response, delete, get, patch, post, put
from litestar.params import RawBody

from aftercall.service.services import Services
from aftercall.service.webhooks.subscriptions import Subscription
from aftercall.web.http.dependencies import PathId, ProvidedServices, ProvidedTenant, Tenant
from aftercall.web.http.errors import JSON
from aftercall.web.openapi.operations import described
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import parse_path_id
from aftercall.wire.times import encode_time
from aftercall.wire.webhooks import (
    PublishedKey,
    PublishedKeys,
    PublishedKeysAnswer,
    StatedWebhook,
    WebhookAnswer,
    WebhookBody,
    WebhookPatch,
    encode_webhook,
    read_webhook,
    read_webhook_patch,
)

TAG: Final = "Webhooks"
_ONE: Final = "/webhooks/{webhook_id:str}"


@get("/webhooks", opt=described(summary="List webhooks", tag=TAG, answer=list[WebhookAnswer]))
async def list_webhooks(
    services: ProvidedServices, tenant: ProvidedTenant
) -> Answer[list[WebhookAnswer]]:
    return await _list(services, tenant)


@get(
    "/webhooks/all",
    opt=described(
        summary="List webhooks, at their older address", tag=TAG, answer=list[WebhookAnswer]
    ),
)
async def list_all_webhooks(
    services: ProvidedServices, tenant: ProvidedTenant
) -> Answer[list[WebhookAnswer]]:
    return await _list(services, tenant)


async def _list(services: Services, tenant: Tenant) -> Answer[list[WebhookAnswer]]:
    found = await services.webhooks.list_webhooks(tenant.app_id)
    return encode_answer(
        [encode_webhook(webhook) for webhook in found],
        has_alias=services.settings.result_alias,
    )


@post(
    "/webhooks",
    opt=described(
        summary="Create a webhook",
        tag=TAG,
        about="What happens from then on is posted to its address.",
        body=WebhookBody,
        answer=WebhookAnswer,
    ),
)
async def create_webhook(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[WebhookAnswer]:
    webhook = await services.webhooks.create(
        tenant.account_id, tenant.app_id, wanted(read_webhook(body)), actor=tenant.caller
    )
    return encode_answer(encode_webhook(webhook), has_alias=services.settings.result_alias)


@get(_ONE, opt=described(summary="Get a webhook", tag=TAG, answer=WebhookAnswer))
async def get_webhook(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId
) -> Answer[WebhookAnswer]:
    webhook = await services.webhooks.find(tenant.app_id, parse_path_id(webhook_id, what="webhook"))
    return encode_answer(encode_webhook(webhook), has_alias=services.settings.result_alias)


@patch(
    _ONE,
    opt=described(
        summary="Change a webhook",
        tag=TAG,
        about="What the body leaves out stays.",
        body=WebhookPatch,
        answer=WebhookAnswer,
    ),
)
async def update_webhook(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId, body: RawBody
) -> Answer[WebhookAnswer]:
    known = await services.webhooks.find(tenant.app_id, parse_path_id(webhook_id, what="webhook"))
    stated = wanted(read_webhook_patch(body, known))
    webhook = await services.webhooks.replace(tenant.account_id, known, stated, actor=tenant.caller)
    return encode_answer(encode_webhook(webhook), has_alias=services.settings.result_alias)


@put(
    _ONE,
    opt=described(summary="Replace a webhook", tag=TAG, body=WebhookBody, answer=WebhookAnswer),
)
async def replace_webhook(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId, body: RawBody
) -> Answer[WebhookAnswer]:
    known = await services.webhooks.find(tenant.app_id, parse_path_id(webhook_id, what="webhook"))
    webhook = await services.webhooks.replace(
        tenant.account_id, known, wanted(read_webhook(body)), actor=tenant.caller
    )
    return encode_answer(encode_webhook(webhook), has_alias=services.settings.result_alias)


@delete(
    _ONE,
    status_code=200,
    opt=described(
        summary="Delete a webhook",
        tag=TAG,
        about="Nothing more is posted to it, and the log of what was posted goes.",
        answer=WebhookAnswer,
    ),
)
async def delete_webhook(
    services: ProvidedServices, tenant: ProvidedTenant, webhook_id: PathId
) -> Answer[WebhookAnswer]:
    webhook = await services.webhooks.delete(
        tenant.account_id,
        tenant.app_id,
        parse_path_id(webhook_id, what="webhook"),
        actor=tenant.caller,
    )
    return encode_answer(encode_webhook(webhook), has_alias=services.settings.result_alias)


def wanted(stated: StatedWebhook) -> Subscription:
    """What the body of a request asks for."""
    return Subscription(
        name=stated.name,
        url=stated.url,
        events=stated.events,
        is_enabled=stated.is_enabled,
        meeting_ids=stated.meeting_ids,
    )


@get("/.well-known/webhooks.json")
async def get_public_key(services: ProvidedServices) -> Response[bytes]:
    """The key that `rtk-signature` is checked with, for anybody."""
    keys = [
        PublishedKey(id=key.id, publicKey=key.public_pem, signsFrom=encode_time(key.signs_from))
        for key in await services.signing_keys.published()
    ]
    answer = PublishedKeysAnswer(data=PublishedKeys(publicKey=keys[0].publicKey, publicKeys=keys))
    return Response(msgspec.json.encode(answer), media_type=JSON)


handlers = (
    list_webhooks,
    list_all_webhooks,
    create_webhook,
    get_webhook,
    update_webhook,
    replace_webhook,
    delete_webhook,
)
open_handlers = (get_public_key,)
