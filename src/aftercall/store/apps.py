"""Accounts, apps, API tokens and the program's own secrets."""

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Page
from aftercall.core.records import Account, ApiToken, App
from aftercall.store.engine.record_mapping import Shape, insert_into, upsert
from aftercall.store.tables import schema

_ACCOUNT = Shape(Account, schema.accounts)
_APP = Shape(App, schema.apps)
_TOKEN = Shape(ApiToken, schema.tokens)


async def save_account(tx: AsyncConnection, account: Account) -> None:
    """Write an account, new or changed."""
    await upsert(tx, _ACCOUNT, [account])


async def find_account(tx: AsyncConnection, account_id: str) -> Account | None:
    row = (await tx.execute(_ACCOUNT.select.where(schema.accounts.c.id == account_id))).first()
    return None if row is None else _ACCOUNT.from_row(row)


async def list_accounts(tx: AsyncConnection) -> list[Account]:
    """All accounts, oldest first."""
    c = schema.accounts.c
    rows = await tx.execute(_ACCOUNT.select.order_by(c.created_at, c.id))
    return [_ACCOUNT.from_row(row) for row in rows]


async def save_app(tx: AsyncConnection, app: App) -> None:
    """Write an app, new or changed."""
    await upsert(tx, _APP, [app])


async def find_app(tx: AsyncConnection, app_id: str) -> App | None:
    row = (await tx.execute(_APP.select.where(schema.apps.c.id == app_id))).first()
    return None if row is None else _APP.from_row(row)


async def ids_of_apps(tx: AsyncConnection) -> list[str]:
    """The ids of all apps of all accounts."""
    return list((await tx.execute(select(schema.apps.c.id).order_by(schema.apps.c.id))).scalars())


async def list_apps(
    tx: AsyncConnection,
    account_id: str,
    search: str | None = None,
    offset: int = 0,
    limit: int = 25,
    is_descending: bool = True,
) -> Page[App]:
    """The apps of an account in the order of their making. `search` is a part of the name, in
    any case, or the beginning of the id."""
    c = schema.apps.c
    where = [c.account_id == account_id]
    if search:
        where.append(
            or_(
                func.lower(c.name).contains(search.lower(), autoescape=True),
                c.id.startswith(search, autoescape=True),
            )
        )
    order = [c.created_at.desc(), c.id.desc()] if is_descending else [c.created_at, c.id]
    total = (await tx.execute(select(func.count()).where(*where))).scalar_one()
    rows = await tx.execute(_APP.select.where(*where).order_by(*order).offset(offset).limit(limit))
    return Page(items=[_APP.from_row(row) for row in rows], offset=offset, total=total)


async def save_token(tx: AsyncConnection, token: ApiToken) -> None:
    """Write a token, new or changed."""
    await upsert(tx, _TOKEN, [token])


async def find_token_by_hash(tx: AsyncConnection, hash: str) -> ApiToken | None:
    """The token of this SHA-256, revoked or not."""
    row = (await tx.execute(_TOKEN.select.where(schema.tokens.c.hash == hash))).first()
    return None if row is None else _TOKEN.from_row(row)


async def list_tokens(tx: AsyncConnection, account_id: str) -> list[ApiToken]:
    """All tokens of an account, revoked ones too, oldest first."""
    c = schema.tokens.c
    rows = await tx.execute(
        _TOKEN.select.where(c.account_id == account_id).order_by(c.created_at, c.id)
    )
    return [_TOKEN.from_row(row) for row in rows]


async def revoke_token(tx: AsyncConnection, account_id: str, token_id: str, at: EpochMs) -> bool:
    """Revoke a token of this account; whether there was one that was not revoked yet."""
    c = schema.tokens.c
    done = await tx.execute(
        update(schema.tokens)
        .where(c.account_id == account_id, c.id == token_id, c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return done.rowcount == 1


async def app_of_token(tx: AsyncConnection, token_id: str) -> str | None:
    """The app of a token; `None` for one of a whole account."""
    c = schema.tokens.c
    return (await tx.execute(select(c.app_id).where(c.id == token_id))).scalar()


async def touch_token(tx: AsyncConnection, token_id: str, at: EpochMs) -> None:
    """Set when a token was last used; a time before the stored one changes nothing."""
    c = schema.tokens.c
    await tx.execute(
        update(schema.tokens)
        .where(c.id == token_id, or_(c.last_used_at.is_(None), c.last_used_at < at))
        .values(last_used_at=at)
    )


async def find_or_save_key(tx: AsyncConnection, name: str, value: str) -> str:
    """The secret of this name. The first value ever given for it stays, on every node."""
    await tx.execute(
        insert_into(tx.dialect.name, schema.keys)
        .values(name=name, value=value)
        .on_conflict_do_nothing()
    )
    found = await tx.execute(select(schema.keys.c.value).where(schema.keys.c.name == name))
    return str(found.scalar_one())


async def find_key(tx: AsyncConnection, name: str) -> str | None:
    """The secret of this name, if there is one."""
    found = await tx.execute(select(schema.keys.c.value).where(schema.keys.c.name == name))
    return found.scalar()


async def replace_key(tx: AsyncConnection, name: str, value: str) -> None:
    """Write the secret of this name over an older one."""
    statement = insert_into(tx.dialect.name, schema.keys).values(name=name, value=value)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": statement.excluded.value}
        )
    )
