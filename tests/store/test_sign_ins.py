"""Sign-ins and single-use links, on either engine."""

import asyncio
from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.records import ApiToken, Role
from aftercall.store import apps, sign_ins
from aftercall.store.engine.database import Database
from aftercall.store.sign_ins import SignIn, SignInLink

T0 = EpochMs(1_795_000_000_000)


def sign_in(id_: str, expires_ms: int = 1_000, **members: Any) -> SignIn:
    known: dict[str, Any] = {
        "account_id": "acme",
        "app_id": None,
        "role": Role.READ,
        "token_id": "token",
        "created_at": T0,
    }
    return SignIn(id=id_, expires_at=EpochMs(T0 + expires_ms), **(known | members))


def link(id_: str, expires_ms: int = 1_000) -> SignInLink:
    return SignInLink(
        id=id_,
        account_id="acme",
        app_id="app",
        role=Role.ADMIN,
        token_id=None,
        expires_at=EpochMs(T0 + expires_ms),
    )


async def test_a_sign_in_is_found_until_it_is_deleted(db: Database) -> None:
    kept = sign_in("a", app_id="app")
    async with db.write() as tx:
        await sign_ins.add_sign_in(tx, kept, T0)
        await sign_ins.add_sign_in(tx, sign_in("b"), T0)
    async with db.read() as tx:
        assert await sign_ins.find_sign_in(tx, "a") == kept
        assert await sign_ins.find_sign_in(tx, "c") is None
    async with db.write() as tx:
        await sign_ins.delete_sign_in(tx, "a")
        await sign_ins.delete_sign_in(tx, "a")
    async with db.read() as tx:
        assert await sign_ins.find_sign_in(tx, "a") is None
        assert await sign_ins.find_sign_in(tx, "b") == sign_in("b")


async def test_a_new_sign_in_removes_expired_ones(db: Database) -> None:
    async with db.write() as tx:
        await sign_ins.add_sign_in(tx, sign_in("over", 1_000), T0)
        await sign_ins.add_sign_in(tx, sign_in("runs", 1_001), T0)
        await sign_ins.add_sign_in(tx, sign_in("new", 9_000), EpochMs(T0 + 1_000))
    async with db.read() as tx:
        assert await sign_ins.find_sign_in(tx, "over") is None
        assert await sign_ins.find_sign_in(tx, "runs") is not None


async def test_a_link_is_taken_once_by_concurrent_clients(db: Database) -> None:
    async with db.write() as tx:
        await sign_ins.add_link(tx, link("a"), T0)

    async def take() -> SignInLink | None:
        async with db.write() as tx:
            return await sign_ins.take_link(tx, "a")

    taken = await asyncio.gather(*(take() for _ in range(4)))
    assert [each for each in taken if each is not None] == [link("a")]


async def test_a_new_link_removes_expired_ones(db: Database) -> None:
    async with db.write() as tx:
        await sign_ins.add_link(tx, link("over", 1_000), T0)
        await sign_ins.add_link(tx, link("new", 9_000), EpochMs(T0 + 1_000))
        assert await sign_ins.take_link(tx, "over") is None
        assert await sign_ins.take_link(tx, "new") is not None


async def test_the_token_of_a_sign_in_is_found_by_its_id(db: Database) -> None:
    token = ApiToken(
        id="token",
        account_id="acme",
        app_id=None,
        name="n",
        role=Role.ADMIN,
        hash="hash",
        created_at=T0,
    )
    async with db.write() as tx:
        await apps.save_token(tx, token)
    async with db.read() as tx:
        assert await sign_ins.find_token(tx, "token") == token
        assert await sign_ins.find_token(tx, "hash") is None
