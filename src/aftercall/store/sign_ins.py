"""Sign-ins to the dashboard, and the links that sign in once."""

from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import ApiToken, Record, Role
from aftercall.store.engine.record_mapping import Shape, insert_into
from aftercall.store.tables import schema

_TOKEN: Final = Shape(ApiToken, schema.tokens)


class SignIn(Record, frozen=True, kw_only=True):
    """A sign-in by cookie; `id` is the hash of the cookie's secret. With a `token_id` it ends when
    that token is revoked."""

    id: str
    account_id: str
    app_id: str | None
    role: Role
    token_id: str | None
    created_at: EpochMs
    expires_at: EpochMs


class SignInLink(Record, frozen=True, kw_only=True):
    """An unused link; `id` is the hash of its code."""

    id: str
    account_id: str
    app_id: str | None
    role: Role
    token_id: str | None
    expires_at: EpochMs


_SIGN_IN: Final = Shape(SignIn, schema.sign_ins)
_LINK: Final = Shape(SignInLink, schema.sign_in_links)


async def add_sign_in(tx: AsyncConnection, sign_in: SignIn, now: EpochMs) -> None:
    """Store a sign-in, and delete the expired ones."""
    await tx.execute(delete(schema.sign_ins).where(schema.sign_ins.c.expires_at <= now))
    await tx.execute(insert_into(tx.dialect.name, schema.sign_ins).values(_SIGN_IN.to_row(sign_in)))


async def find_sign_in(tx: AsyncConnection, id: str) -> SignIn | None:
    row = (await tx.execute(select(*_SIGN_IN.columns).where(schema.sign_ins.c.id == id))).first()
    return None if row is None else _SIGN_IN.from_row(row)


async def delete_sign_in(tx: AsyncConnection, id: str) -> None:
    await tx.execute(delete(schema.sign_ins).where(schema.sign_ins.c.id == id))


async def add_link(tx: AsyncConnection, link: SignInLink, now: EpochMs) -> None:
    """Store a link, and delete the expired ones."""
    await tx.execute(delete(schema.sign_in_links).where(schema.sign_in_links.c.expires_at <= now))
    await tx.execute(insert_into(tx.dialect.name, schema.sign_in_links).values(_LINK.to_row(link)))


async def take_link(tx: AsyncConnection, id: str) -> SignInLink | None:
    """The link, which nobody can take again."""
    c = schema.sign_in_links.c
    row = (
        await tx.execute(delete(schema.sign_in_links).where(c.id == id).returning(*_LINK.columns))
    ).first()
    return None if row is None else _LINK.from_row(row)


async def find_token(tx: AsyncConnection, token_id: str) -> ApiToken | None:
    row = (await tx.execute(_TOKEN.select.where(schema.tokens.c.id == token_id))).first()
    return None if row is None else _TOKEN.from_row(row)
