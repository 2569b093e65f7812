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
from tests.web.conftest import Caller, House

_links = count()


async def refusal(made: Any) -> str:
    with pytest.raises(AftercallError) as refused:
        await made
    return refused.value.code


@pytest.fixture
async def caller(house: House) -> Caller:
    return await house.caller(role=Role.READ)


async def test_a_sign_in_with_a_token_lasts_half_a_day(house: House, caller: Caller) -> None:
    signed_in = await house.services.sign_ins.sign_in_with_token(caller.token)
    assert (signed_in.grant.account_id, signed_in.grant.role) == (caller.account_id, Role.READ)
    assert signed_in.expires_at == house.clock.now + SIGN_IN_LIFE_MS
    assert signed_in.secret not in caller.token and caller.token not in signed_in.secret
    house.clock.move(SIGN_IN_LIFE_MS - 1)
    found = await house.services.sign_ins.find(signed_in.secret)
    assert found.grant.app_id == signed_in.grant.app_id
    house.clock.move(1)
    assert await refusal(house.services.sign_ins.find(signed_in.secret)) == "sign_in_expired"


async def test_a_sign_in_ends_when_its_token_is_revoked(house: House, caller: Caller) -> None:
    sign_ins, access = house.services.sign_ins, house.services.access
    signed_in = await sign_ins.sign_in_with_token(caller.token)
    assert signed_in.grant.token_id is not None
    await access.revoke_token(caller.account_id, signed_in.grant.token_id)
    sign_ins.forget()
    assert await refusal(sign_ins.find(signed_in.secret)) == "sign_in_expired"


async def test_signing_out_ends_one_sign_in_and_may_be_repeated(
    house: House, caller: Caller
) -> None:
    sign_ins = house.services.sign_ins
    one = await sign_ins.sign_in_with_token(caller.token)
    other = await sign_ins.sign_in_with_token(caller.token)
    await sign_ins.sign_out(one.secret)
    await sign_ins.sign_out(one.secret)
    assert await refusal(sign_ins.find(one.secret)) == "sign_in_expired"
    assert (await sign_ins.find(other.secret)).secret == other.secret


async def test_a_link_signs_in_once(house: House, caller: Caller) -> None:
    sign_ins = house.services.sign_ins
    code = await sign_ins.make_link(caller.account_id, app_id=caller.app_id, role=Role.READ)
    signed_in = await sign_ins.sign_in_with_link(code)
    assert (signed_in.grant.app_id, signed_in.grant.role) == (caller.app_id, Role.READ)
    assert (await sign_ins.find(signed_in.secret)).grant.app_id == caller.app_id
    assert await refusal(sign_ins.sign_in_with_link(code)) == "link_invalid"


async def test_a_link_expires_after_a_quarter_of_an_hour(house: House, caller: Caller) -> None:
    sign_ins = house.services.sign_ins
    code = await sign_ins.make_link(caller.account_id)
    late = await sign_ins.make_link(caller.account_id)
    house.clock.move(LINK_LIFE_MS - 1)
    assert (await sign_ins.sign_in_with_link(code)).grant.app_id is None
    house.clock.move(1)
    assert await refusal(sign_ins.sign_in_with_link(late)) == "link_invalid"


async def test_a_link_is_only_for_an_app_of_the_account(house: House, caller: Caller) -> None:
    rival = await house.caller()
    made = house.services.sign_ins.make_link(caller.account_id, app_id=rival.app_id)
    assert await refusal(made) == "app_not_found"


async def test_too_many_failures_per_minute_are_rate_limited(house: House, caller: Caller) -> None:
    sign_ins = house.services.sign_ins
    for number in range(FAILURES_PER_MINUTE):
        assert await refusal(sign_ins.sign_in_with_token(f"wrong {number}")) != "rate_limited"
    with pytest.raises(Busy):
        await sign_ins.sign_in_with_link("wrong")
    # Who knows a valid token is let in all the same.
    assert (await sign_ins.sign_in_with_token(caller.token)).grant.app_id == caller.app_id
    house.clock.now = EpochMs(house.clock.now + MINUTE_MS)
    assert await refusal(sign_ins.sign_in_with_link("wrong")) == "link_invalid"


async def test_a_signed_in_user_sees_the_apps_of_the_grant(house: House) -> None:
    whole = await house.caller(is_of_account=True)
    signed_in = await house.services.sign_ins.sign_in_with_token(whole.token)
    myself = await house.services.sign_ins.myself(signed_in.grant)
    assert [app.id for app in myself.apps] == [whole.app_id]
    assert myself.account_name == whole.account_id


def test_the_csrf_token_depends_on_the_secret_only() -> None:
    assert csrf_of("a") == csrf_of("a") != csrf_of("b")
    assert len(csrf_of("a")) == 64
    assert csrf_of("\ud800")
