"""How long an app keeps which data."""

from collections.abc import Sequence
from typing import Final

from litestar import get, post, put
from litestar.params import RawBody

from aftercall.service.retention.policies import ChosenTime
from aftercall.web.http.dependencies import ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.dashboard.retention import (
    KeptKind,
    PastKind,
    Retention,
    RetentionBody,
    RetentionPreview,
    times_given,
)
from aftercall.wire.envelope import Answer, encode_answer

TAG: Final = "Settings"
_PATH: Final = "/retention"


@get(
    _PATH,
    opt=described(summary="Read how long an app keeps which data", tag=TAG, answer=Retention),
)
async def get_retention(services: ProvidedServices, tenant: ProvidedTenant) -> Answer[Retention]:
    return _answer(await services.retention_policies.times_of(tenant.app_id))


@put(
    _PATH,
    opt=described(
        summary="Set how long an app keeps which data",
        tag=TAG,
        about="In seconds after a session's end, or as `30d`, `12h`, `forever`. What is not named "
        "is as the server's settings say. For admins.",
        body=RetentionBody,
        answer=Retention,
    ),
)
async def put_retention(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[Retention]:
    given = times_given(parse_body(body, RetentionBody))
    policies = services.retention_policies
    return _answer(await policies.choose(tenant.app_id, given, actor=tenant.caller))


@post(
    _PATH + "/preview",
    status_code=200,
    opt=described(
        summary="Count what would be deleted",
        tag=TAG,
        about="Of how many sessions data are past their time, were the body's times those of the "
        "app. Nothing is changed. For admins.",
        body=RetentionBody,
        answer=RetentionPreview,
    ),
)
async def preview_retention(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[RetentionPreview]:
    given = times_given(parse_body(body, RetentionBody))
    found = await services.retention_policies.count_past(tenant.app_id, given)
    kinds = [PastKind(kind=each.kind.value, sessions=each.sessions) for each in found]
    return encode_answer(RetentionPreview(kinds=kinds), has_alias=False)


def _answer(times: Sequence[ChosenTime]) -> Answer[Retention]:
    kinds = [
        KeptKind(
            kind=each.kind.value,
            kept_s=each.kept_s,
            effective_s=each.effective_s,
            is_default=each.is_default,
            next_at=each.next_at,
            next_sessions=each.next_sessions,
        )
        for each in times
    ]
    return encode_answer(Retention(kinds=kinds), has_alias=False)


handlers = (get_retention, put_retention, preview_retention)
