"""Accounts, apps and first tokens made by the operator."""

from itertools import count
from typing import Any

import pytest

from aftercall.core.errors import AftercallError
from aftercall.core.instants import EpochMs
from aftercall.core.records import Role
from aftercall.service.accounts.setup import Setup
from aftercall.service.accounts.tokens import hash_token
from aftercall.store import apps
from aftercall.store.engine.database import Database

T0 = EpochMs(1_795_000_000_000)
SECRET = "s" * 32


@pytest.fixture
def setup(db: Database) -> Setup:
    ids = count(1)
    return Setup(db=db, clock=lambda: T0, new_id=lambda: f"id-{next(ids)}")


async def refusal(made: Any) -> str:
    with pytest.raises(AftercallError) as refused:
        await made
    return refused.value.code


async def test_the_first_start_creates_an_account_and_later_ones_none(setup: Setup) -> None:
    first = await setup.create_first_account()
    assert first is not None
    assert [each.id for each in await setup.list_accounts()] == [first.account_id]
    assert (await setup.only_app(first.account_id)).id == first.app_id
    assert await setup.first_app_id() == first.app_id
    assert await setup.create_first_account() is None


@pytest.mark.parametrize("for_whole_account", [False, True])
async def test_the_first_token_grants_its_app_or_the_whole_account(
    db: Database, setup: Setup, for_whole_account: bool
) -> None:
    made = await setup.create_first_app("Calls", for_whole_account=for_whole_account)
    async with db.read() as tx:
        token = await apps.find_token_by_hash(tx, hash_token(made.api_token))
    assert token is not None
    assert (token.role, token.account_id) == (Role.ADMIN, made.account_id)
    assert token.app_id == (None if for_whole_account else made.app_id)


async def test_ids_and_the_token_can_be_chosen(setup: Setup) -> None:
    made = await setup.create_first_app("Calls", account_id="acme", app_id="web", secret=SECRET)
    assert (made.account_id, made.app_id, made.api_token) == ("acme", "web", SECRET)
    assert (await setup.account_of("acme")).name == "acme"


async def test_a_second_app_joins_the_only_account(setup: Setup) -> None:
    first = await setup.create_first_app("One")
    second = await setup.create_first_app("Two")
    assert second.account_id == first.account_id
    assert {each.id for each in await setup.list_apps(first.account_id)} == {
        first.app_id,
        second.app_id,
    }
    assert await refusal(setup.only_app(first.account_id)) == "app_ambiguous"


async def test_among_several_accounts_one_must_be_named(setup: Setup) -> None:
    await setup.create_first_app("One", account_id="a")
    await setup.create_first_app("Two", account_id="b")
    assert await refusal(setup.create_first_app("Three")) == "account_ambiguous"
    assert await refusal(setup.account_of(None)) == "account_ambiguous"
    assert (await setup.create_first_app("Three", account_id="b")).account_id == "b"


@pytest.mark.parametrize("id_", ["", "a/b", "a b", "x" * 65, ".."])
async def test_an_id_that_is_invalid_in_a_path_is_refused(setup: Setup, id_: str) -> None:
    for field, chosen in (("account_id", (id_, None)), ("app_id", (None, id_))):
        with pytest.raises(AftercallError) as refused:
            await setup.create_first_app("Calls", account_id=chosen[0], app_id=chosen[1])
        assert getattr(refused.value, "field", None) == field
    assert await setup.list_accounts() == []


async def test_a_used_app_a_used_token_and_a_short_token_are_refused_and_store_nothing(
    setup: Setup,
) -> None:
    await setup.create_first_app("Calls", account_id="acme", app_id="web", secret=SECRET)
    assert await refusal(setup.create_first_app("Again", app_id="web")) == "app_exists"
    assert await refusal(setup.create_first_app("Again", secret=SECRET)) == "token_exists"
    assert await refusal(setup.create_first_app("Again", secret=SECRET[1:])) == "weak_token"
    assert [each.id for each in await setup.list_apps("acme")] == ["web"]


async def test_unknown_accounts_and_apps_are_not_found(setup: Setup) -> None:
    assert await refusal(setup.account_of("none")) == "account_not_found"
    assert await refusal(setup.account_of(None)) == "account_not_found"
    assert await refusal(setup.first_app_id()) == "app_not_found"
    assert await refusal(setup.only_app("none")) == "app_not_found"
