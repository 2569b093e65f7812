"""Alerts: what is open and what was, and the mute of one."""

from typing import Final

from litestar import get, post
from litestar.params import RawBody

from aftercall.core.alerts.alert import Alert as StoredAlert
from aftercall.core.alerts.alert import AlertState
from aftercall.core.alerts.message import AlertMessage
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.service.alerts.alert_rules import Owner
from aftercall.web.dashboard.queries import CURSOR, LIMIT, read_cursor
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
)
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.cursors import encode_cursor
from aftercall.wire.dashboard.alerts import Alert, AlertPage, AlertSession, Mute
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Choice, Text, parse_path_id

TAG: Final = "Alerts"

STATE: Final = Choice(
    name="state",
    about="Open alerts, resolved ones, or both.",
    values={"open": "open", "resolved": "resolved", "all": "all"},
    default="open",
)
RULE_ID: Final = Text(name="rule_id", about="Only alerts of this rule.", longest=64)


@get(
    "/alerts",
    opt=described(
        summary="List alerts",
        tag=TAG,
        about="What rules have raised, the latest first. A resolved alert is kept for 90 days.",
        parameters=(STATE, RULE_ID, LIMIT, CURSOR),
        answer=AlertPage,
    ),
)
async def list_alerts(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[AlertPage]:
    limit, cursor = LIMIT.read(parameters), read_cursor(parameters)
    found = await services.alert_rules.list_alerts(
        tenant.app_id,
        state=STATE.read(parameters),
        rule_id=RULE_ID.read(parameters),
        before=None if cursor is None else (EpochMs(int(cursor.key)), cursor.id),
        limit=limit,
    )
    last = found[-1][0] if len(found) == limit else None
    following = None if last is None else Cursor(last.since_at, last.id, False)
    page = AlertPage(alerts=[_alert(*each) for each in found], next_cursor=encode_cursor(following))
    return encode_answer(page, has_alias=False)


@get("/alerts/{alert_id:str}", opt=described(summary="Get an alert", tag=TAG, answer=Alert))
async def get_alert(
    services: ProvidedServices, tenant: ProvidedTenant, alert_id: PathId
) -> Answer[Alert]:
    id = parse_path_id(alert_id, what="alert")
    found = await services.alert_rules.find_alert(tenant.app_id, id)
    return encode_answer(_alert(*found), has_alias=False)


@post(
    "/alerts/{alert_id:str}/mute",
    status_code=200,
    opt=described(
        summary="Mute an alert",
        tag=TAG,
        about="Until then nothing is sent about it, except that it is over. For admins.",
        body=Mute,
        answer=Alert,
    ),
)
async def mute_alert(
    services: ProvidedServices, tenant: ProvidedTenant, alert_id: PathId, body: RawBody
) -> Answer[Alert]:
    tenant.check_admin()
    owner = Owner(tenant.account_id, tenant.app_id, tenant.caller)
    until = muted_until(services.clock(), parse_body(body, Mute))
    id = parse_path_id(alert_id, what="alert")
    found = await services.alert_rules.mute_alert(owner, id, until)
    return encode_answer(_alert(*found), has_alias=False)


def muted_until(now: EpochMs, mute: Mute) -> EpochMs | None:
    """The end of a mute that begins now; `None` for none."""
    return EpochMs(now + mute.for_s * SECOND_MS) if mute.for_s else None


def _alert(alert: StoredAlert, message: AlertMessage) -> Alert:
    return Alert(
        id=alert.id,
        rule_id=alert.rule_id,
        rule_name=message.rule_name,
        kind=message.kind,
        severity=message.severity,
        state="resolved" if alert.state is AlertState.RESOLVED else "open",
        since_at=alert.since_at,
        raised_at=alert.raised_at,
        resolved_at=alert.resolved_at,
        sent_at=alert.sent_at,
        muted_until=alert.muted_until,
        title=message.title,
        sentence=message.sentence,
        advice=message.advice,
        text=message.text,
        causes=message.causes,
        figures=message.figures,
        people=message.people,
        people_count=message.people_count,
        sessions=[AlertSession(id=s.id, title=s.title, url=s.url) for s in message.sessions],
        url=message.url,
    )


handlers = (list_alerts, get_alert, mute_alert)
