"""Accounts, apps, tokens and secrets."""

import asyncio

from aftercall.core.instants import EpochMs
from aftercall.core.records import Account, ApiToken, App, Role
from aftercall.store import apps
from aftercall.store.engine.database import Database

T0 = 1_795_000_000_000


def app(id: str, name: str, at: int = 0, account_id: str = "acme") -> App:
    return App(account_id=account_id, id=id, name=name, created_at=EpochMs(T0 + at))


def token(id: str, account_id: str = "acme", app_id: str | None = None) -> ApiToken:
    return ApiToken(
        id=id,
        account_id=account_id,
        app_id=app_id,
        name=f"token {id}",
        role=Role.READ,
        hash=f"hash of {id}",
        created_at=EpochMs(T0),
    )


async def test_accounts_and_apps_are_loaded_as_saved(db: Database) -> None:
    account = Account(id="acme", name="Acme", created_at=EpochMs(T0))
    older = Account(id="zeta", name="Zeta", created_at=EpochMs(T0 - 1))
    async with db.write() as tx:
        await apps.save_account(tx, account)
        await apps.save_account(tx, older)
        await apps.save_app(tx, app("a", "Before"))
        await apps.save_app(tx, app("a", "After"))
    async with db.read() as tx:
        assert await apps.find_account(tx, "acme") == account
        assert await apps.find_account(tx, "nobody") is None
        assert await apps.list_accounts(tx) == [older, account]
        assert await apps.find_app(tx, "a") == app("a", "After")
        assert await apps.find_app(tx, "b") is None


async def test_apps_are_listed_by_account_with_paging_and_search(db: Database) -> None:
    async with db.write() as tx:
        for number in range(5):
            await apps.save_app(tx, app(f"id-{number}", f"App {number}", number))
        await apps.save_app(tx, app("other", "App 9", 9, account_id="rival"))
        await apps.save_app(tx, app("odd", "100%_sure", -1))
    async with db.read() as tx:
        page = await apps.list_apps(tx, "acme", None, 1, 2, True)
        assert ([found.id for found in page.items], page.total) == (["id-3", "id-2"], 6)
        page = await apps.list_apps(tx, "acme", "aPP 3", 0, 25, False)
        assert [found.id for found in page.items] == ["id-3"]
        page = await apps.list_apps(tx, "acme", "id-", 0, 2, False)
        assert ([found.id for found in page.items], page.total) == (["id-0", "id-1"], 5)
        page = await apps.list_apps(tx, "acme", "%_", 0, 25, False)
        assert [found.id for found in page.items] == ["odd"]


async def test_tokens_are_found_by_hash_touched_and_revoked_once(db: Database) -> None:
    async with db.write() as tx:
        await apps.save_token(tx, token("t", app_id="a"))
        await apps.save_token(tx, token("u", account_id="rival"))
        await apps.touch_token(tx, "t", EpochMs(T0 + 9))
        await apps.touch_token(tx, "t", EpochMs(T0 + 5))
        assert not await apps.revoke_token(tx, "rival", "t", EpochMs(T0 + 10))
        assert await apps.revoke_token(tx, "acme", "t", EpochMs(T0 + 11))
        assert not await apps.revoke_token(tx, "acme", "t", EpochMs(T0 + 12))
    async with db.read() as tx:
        found = await apps.find_token_by_hash(tx, "hash of t")
        assert found is not None
        assert (found.role, found.app_id) == (Role.READ, "a")
        assert (found.last_used_at, found.revoked_at) == (T0 + 9, T0 + 11)
        assert [one.id for one in await apps.list_tokens(tx, "acme")] == ["t"]
        assert await apps.find_token_by_hash(tx, "no such hash") is None


async def test_the_first_value_of_a_key_is_used_by_every_process(db: Database) -> None:
    async def ask(value: str) -> str:
        async with db.write() as tx:
            return await apps.find_or_save_key(tx, "links", value)

    answers = await asyncio.gather(*(ask(f"secret {number}") for number in range(8)))
    assert len(set(answers)) == 1
    assert await ask("late") == answers[0]
