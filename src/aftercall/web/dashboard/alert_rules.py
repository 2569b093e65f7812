"""Alert rules and the channels that alerts are sent over."""

from typing import Final

from litestar import delete, get, post, put
from litestar.params import RawBody

from aftercall.core.alerts.channels import ChannelSpec
from aftercall.core.alerts.rules import AlertRule, RuleSpec
from aftercall.service.alerts.alert_rules import AlertChannel, Owner
from aftercall.web.dashboard.alerts import muted_until
from aftercall.web.http.dependencies import PathId, ProvidedServices, ProvidedTenant, Tenant
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.dashboard.alerts import (
    Channel,
    ChannelList,
    ChannelTest,
    Deleted,
    Mute,
    Rule,
    RuleList,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import parse_path_id

TAG: Final = "Alerts"


@post(
    "/alert-rules",
    opt=described(
        summary="Create an alert rule",
        tag=TAG,
        about="From now on the server evaluates it by itself, every half minute; what is about "
        "live sessions every minute. For admins.",
        body=RuleSpec,
        answer=Rule,
    ),
)
async def create_alert_rule(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[Rule]:
    owner = _owner(tenant)
    rule = await services.alert_rules.create_rule(owner, parse_body(body, RuleSpec))
    return encode_answer(_rule(rule), has_alias=False)


@get("/alert-rules", opt=described(summary="List the alert rules", tag=TAG, answer=RuleList))
async def list_alert_rules(services: ProvidedServices, tenant: ProvidedTenant) -> Answer[RuleList]:
    found = await services.alert_rules.list_rules(tenant.app_id)
    return encode_answer(RuleList(rules=[_rule(rule) for rule in found]), has_alias=False)


@get(
    "/alert-rules/{rule_id:str}",
    opt=described(summary="Get an alert rule", tag=TAG, answer=Rule),
)
async def get_alert_rule(
    services: ProvidedServices, tenant: ProvidedTenant, rule_id: PathId
) -> Answer[Rule]:
    id = parse_path_id(rule_id, what="rule")
    rule = await services.alert_rules.find_rule(tenant.app_id, id)
    return encode_answer(_rule(rule), has_alias=False)


@put(
    "/alert-rules/{rule_id:str}",
    opt=described(
        summary="Replace an alert rule",
        tag=TAG,
        about="With another condition its open alerts are resolved. For admins.",
        body=RuleSpec,
        answer=Rule,
    ),
)
async def replace_alert_rule(
    services: ProvidedServices, tenant: ProvidedTenant, rule_id: PathId, body: RawBody
) -> Answer[Rule]:
    owner, id = _owner(tenant), parse_path_id(rule_id, what="rule")
    rule = await services.alert_rules.replace_rule(owner, id, parse_body(body, RuleSpec))
    return encode_answer(_rule(rule), has_alias=False)


@post(
    "/alert-rules/{rule_id:str}/mute",
    status_code=200,
    opt=described(
        summary="Mute an alert rule",
        tag=TAG,
        about="Until then nothing new is sent about it. What is still open then is sent then. For "
        "admins.",
        body=Mute,
        answer=Rule,
    ),
)
async def mute_alert_rule(
    services: ProvidedServices, tenant: ProvidedTenant, rule_id: PathId, body: RawBody
) -> Answer[Rule]:
    owner, id = _owner(tenant), parse_path_id(rule_id, what="rule")
    until = muted_until(services.clock(), parse_body(body, Mute))
    rule = await services.alert_rules.mute_rule(owner, id, until)
    return encode_answer(_rule(rule), has_alias=False)


@delete(
    "/alert-rules/{rule_id:str}",
    status_code=200,
    opt=described(
        summary="Delete an alert rule",
        tag=TAG,
        about="Its open alerts are resolved. For admins.",
        answer=Deleted,
    ),
)
async def delete_alert_rule(
    services: ProvidedServices, tenant: ProvidedTenant, rule_id: PathId
) -> Answer[Deleted]:
    owner, id = _owner(tenant), parse_path_id(rule_id, what="rule")
    await services.alert_rules.delete_rule(owner, id)
    return encode_answer(Deleted(id=id), has_alias=False)


@post(
    "/alert-channels",
    opt=described(
        summary="Create an alert channel",
        tag=TAG,
        about="Where alerts are sent: a webhook, Slack or what is compatible, PagerDuty, mail, or "
        "an address of Apprise. Addresses and keys are stored encrypted and are in no answer. For "
        "admins.",
        body=ChannelSpec,
        answer=Channel,
    ),
)
async def create_alert_channel(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[Channel]:
    owner = _owner(tenant)
    channel = await services.alert_rules.create_channel(owner, parse_body(body, ChannelSpec))
    return encode_answer(_channel(channel), has_alias=False)


@get(
    "/alert-channels",
    opt=described(
        summary="List the alert channels", tag=TAG, about="For admins.", answer=ChannelList
    ),
)
async def list_alert_channels(
    services: ProvidedServices, tenant: ProvidedTenant
) -> Answer[ChannelList]:
    tenant.check_admin()
    found = await services.alert_rules.list_channels(tenant.app_id)
    return encode_answer(ChannelList(channels=[_channel(each) for each in found]), has_alias=False)


@put(
    "/alert-channels/{channel_id:str}",
    opt=described(
        summary="Replace an alert channel",
        tag=TAG,
        about="For admins.",
        body=ChannelSpec,
        answer=Channel,
    ),
)
async def replace_alert_channel(
    services: ProvidedServices, tenant: ProvidedTenant, channel_id: PathId, body: RawBody
) -> Answer[Channel]:
    owner, id = _owner(tenant), parse_path_id(channel_id, what="channel")
    wanted = parse_body(body, ChannelSpec)
    channel = await services.alert_rules.replace_channel(owner, id, wanted)
    return encode_answer(_channel(channel), has_alias=False)


@post(
    "/alert-channels/{channel_id:str}/test",
    status_code=200,
    opt=described(
        summary="Send a test message",
        tag=TAG,
        about="At once and a single time; the answer says whether it was delivered. For admins.",
        answer=ChannelTest,
    ),
)
async def test_alert_channel(
    services: ProvidedServices, tenant: ProvidedTenant, channel_id: PathId
) -> Answer[ChannelTest]:
    tenant.check_admin()
    id = parse_path_id(channel_id, what="channel")
    problem = await services.alert_rules.test_channel(tenant.app_id, id)
    done = ChannelTest(is_delivered=problem is None, problem=problem)
    return encode_answer(done, has_alias=False)


@delete(
    "/alert-channels/{channel_id:str}",
    status_code=200,
    opt=described(
        summary="Delete an alert channel",
        tag=TAG,
        about="What waits to be sent over it is not sent. For admins.",
        answer=Deleted,
    ),
)
async def delete_alert_channel(
    services: ProvidedServices, tenant: ProvidedTenant, channel_id: PathId
) -> Answer[Deleted]:
    owner, id = _owner(tenant), parse_path_id(channel_id, what="channel")
    await services.alert_rules.delete_channel(owner, id)
    return encode_answer(Deleted(id=id), has_alias=False)


def _owner(tenant: Tenant) -> Owner:
    """The caller as one who may change. Raises `Refused`."""
    tenant.check_admin()
    return Owner(tenant.account_id, tenant.app_id, tenant.caller)


def _rule(rule: AlertRule) -> Rule:
    return Rule(
        id=rule.id,
        rule=rule.read_spec(),
        muted_until=rule.muted_until,
        created_at=rule.created_at,
        updated_at=rule.updated_at,
    )


def _channel(channel: AlertChannel) -> Channel:
    return Channel(
        id=channel.id,
        name=channel.name,
        kind=channel.kind,
        target=channel.target,
        created_at=channel.created_at,
        updated_at=channel.updated_at,
    )


handlers = (
    create_alert_rule,
    list_alert_rules,
    get_alert_rule,
    replace_alert_rule,
    mute_alert_rule,
    delete_alert_rule,
    create_alert_channel,
    list_alert_channels,
    replace_alert_channel,
    test_alert_channel,
    delete_alert_channel,
)
