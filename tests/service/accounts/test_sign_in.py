"""Signing in with a token or once with a link, and being signed out."""

from itertools import count
from typing import Any

import pytest

from aftercall.core.errors import AftercallError, Busy
from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.records import Role
from aftercall.service.accounts.sign_in import (
    FAILURES_PER_MINUTE,
    LINK_LIFE_MS,
    SIGN_IN_LIFE_MS,
    csrf_of,
)
from tests.web.rest_server import ApiClient, RestServer

_links = count()


async def refusal(made: Any) -> str:
    with pytest.raises(AftercallError) as refused:
        await made
    return refused.value.code


@pytest.fixture
async def caller(server: RestServer) -> ApiClient:
    return await server.new_client(role=Role.READ)


async def test_a_sign_in_with_a_token_lasts_half_a_day(
    server: RestServer, caller: ApiClient
) -> None:
    signed_in = await server.services.sign_ins.sign_in_with_token(caller.token)
    assert (signed_in.grant.account_id, signed_in.grant.role) == (caller.account_id, Role.READ)
    assert signed_in.expires_at == server.clock.now + SIGN_IN_LIFE_MS
    assert signed_in.secret not in caller.token and caller.token not in signed_in.secret
    server.clock.move(SIGN_IN_LIFE_MS - 1)
    found = await server.services.sign_ins.find(signed_in.secret)
    assert found.grant.app_id == signed_in.grant.app_id
    server.clock.move(1)
    assert await refusal(server.services.sign_ins.find(signed_in.secret)) == "sign_in_expired"


async def test_a_sign_in_ends_when_its_token_is_revoked(
    server: RestServer, caller: ApiClient
) -> None:
    sign_ins, access = server.services.sign_ins, server.services.access
    signed_in = await sign_ins.sign_in_with_token(caller.token)
    assert signed_in.grant.token_id is not None
    await access.revoke_token(caller.account_id, signed_in.grant.token_id)
    sign_ins.forget()
    assert await refusal(sign_ins.find(signed_in.secret)) == "sign_in_expired"


async def test_signing_out_ends_one_sign_in_and_may_be_repeated(
    server: RestServer, caller: ApiClient
) -> None:
    sign_ins = server.services.sign_ins
    one = await sign_ins.sign_in_with_token(caller.token)
    other = await sign_ins.sign_in_with_token(caller.token)
    await sign_ins.sign_out(one.secret)
    await sign_ins.sign_out(one.secret)
    assert await refusal(sign_ins.find(one.secret)) == "sign_in_expired"
    assert (await sign_ins.find(other.secret)).secret == other.secret


async def test_a_link_signs_in_once(server: RestServer, caller: ApiClient) -> None:
    sign_ins = server.services.sign_ins
    code = await sign_ins.make_link(caller.account_id, app_id=caller.app_id, role=Role.READ)
    signed_in = await sign_ins.sign_in_with_link(code)
    assert (signed_in.grant.app_id, signed_in.grant.role) == (caller.app_id, Role.READ)
    assert (await sign_ins.find(signed_in.secret)).grant.app_id == caller.app_id
    assert await refusal(sign_ins.sign_in_with_link(code)) == "link_invalid"


async def test_a_link_expires_after_a_quarter_of_an_hour(
    server: RestServer, caller: ApiClient
) -> None:
    sign_ins = server.services.sign_ins
    code = await sign_ins.make_link(caller.account_id)
    late = await sign_ins.make_link(caller.account_id)
    server.clock.move(LINK_LIFE_MS - 1)
    assert (await sign_ins.sign_in_with_link(code)).grant.app_id is None
    server.clock.move(1)
    assert await refusal(sign_ins.sign_in_with_link(late)) == "link_invalid"


async def test_a_link_is_only_for_an_app_of_the_account(
    server: RestServer, caller: ApiClient
) -> None:
    rival = await server.new_client()
    made = server.services.sign_ins.make_link(caller.account_id, app_id=rival.app_id)
    assert await refusal(made) == "app_not_found"


async def test_too_many_failures_per_minute_are_rate_limited(
    server: RestServer, caller: ApiClient
) -> None:
    sign_ins = server.services.sign_ins
    for number in range(FAILURES_PER_MINUTE):
        assert await refusal(sign_ins.sign_in_with_token(f"wrong {number}")) != "rate_limited"
    with pytest.raises(Busy):
        await sign_ins.sign_in_with_link("wrong")
    # A valid token is accepted all the same.
    assert (await sign_ins.sign_in_with_token(caller.token)).grant.app_id == caller.app_id
    server.clock.now = EpochMs(server.clock.now + MINUTE_MS)
    assert await refusal(sign_ins.sign_in_with_link("wrong")) == "link_invalid"


async def test_a_signed_in_user_sees_the_apps_of_the_grant(server: RestServer) -> None:
    whole = await server.new_client(is_of_account=True)
    signed_in = await server.services.sign_ins.sign_in_with_token(whole.token)
    myself = await server.services.sign_ins.myself(signed_in.grant)
    assert [app.id for app in myself.apps] == [whole.app_id]
    assert myself.account_name == whole.account_id


def test_the_csrf_token_depends_on_the_secret_only() -> None:
    assert csrf_of("a") == csrf_of("a") != csrf_of("b")
    assert len(csrf_of("a")) == 64
    assert csrf_of("\ud800")
