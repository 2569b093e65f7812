"""Accounts, apps and first tokens made by the operator, with chosen ids or generated ones."""

import secrets
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import InvalidBody, Malformed, NotFound, Refused
from aftercall.core.ids import NewId, is_path_id
from aftercall.core.instants import Clock
from aftercall.core.records import Account, ApiToken, App, ReportShape, Role
from aftercall.service.accounts.tokens import API_TOKEN_PREFIX, hash_token
from aftercall.store import apps
from aftercall.store.engine.database import Database

_SHORTEST_SECRET: Final = 32
_MOST_APPS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAccount:
    """A new app, and its owner's first API token, which is not stored."""

    account_id: str
    app_id: str
    api_token: str


class Setup:
    """The use cases of the operator of the machine."""

    def __init__(self, *, db: Database, clock: Clock, new_id: NewId) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id

    async def create_first_account(self) -> FirstAccount | None:
        """An account with an app and an admin token for the account, when there is none yet."""
        async with self._db.write() as tx:
            if await apps.list_accounts(tx):
                return None
            return await self._found(tx, "First app", None, None, None, for_whole_account=True)

    async def create_first_app(
        self,
        name: str,
        *,
        account_id: str | None = None,
        app_id: str | None = None,
        secret: str | None = None,
        for_whole_account: bool = False,
    ) -> FirstAccount:
        """A new app with an admin token for it alone, or for its whole account.

        Without `account_id` it belongs to the only account, or to a new one when there is none;
        an `account_id` that is not known yet makes an account of that id. `secret` is a token
        of the caller's choice. Raises `Malformed` for an id that cannot stand in a path, and when
        several accounts leave the choice open; `Refused` for an app id or a token in use.
        """
        for field, chosen in (("account_id", account_id), ("app_id", app_id)):
            if chosen is not None and not is_path_id(chosen):
                raise InvalidBody(f"{field} must be 1 to 64 letters, digits, _ and -", field=field)
        async with self._db.write() as tx:
            return await self._found(
                tx, name, account_id, app_id, secret, for_whole_account=for_whole_account
            )

    async def list_accounts(self) -> list[Account]:
        """All accounts, oldest first."""
        async with self._db.read() as tx:
            return await apps.list_accounts(tx)

    async def list_apps(self, account_id: str) -> list[App]:
        """The apps of an account, oldest first."""
        async with self._db.read() as tx:
            page = await apps.list_apps(tx, account_id, limit=_MOST_APPS, is_descending=False)
            return page.items

    async def account_of(self, account_id: str | None) -> Account:
        """The account of that id, or the only one. Raises `NotFound` or `Malformed`."""
        async with self._db.read() as tx:
            return await _chosen_account(tx, account_id)

    async def only_app(self, account_id: str) -> App:
        """The only app of an account. Raises `NotFound` or `Malformed`."""
        found = await self.list_apps(account_id)
        if not found:
            raise NotFound("The account has no app yet", code="app_not_found")
        if len(found) > 1:
            raise Malformed(
                "The account has several apps: name one with --app-id, or say --whole-account",
                code="app_ambiguous",
            )
        return found[0]

    async def app_of(self, app_id: str) -> App:
        """The app of an id. Raises `NotFound`."""
        async with self._db.read() as tx:
            app = await apps.find_app(tx, app_id)
        if app is None:
            raise NotFound.of("app", app_id)
        return app

    async def chosen_app(self, account_id: str | None, app_id: str | None) -> App:
        """An app of an account: the one of that id, or the only one. Raises `NotFound`, and
        `Malformed` if several come into question."""
        account = await self.account_of(account_id)
        if app_id is None:
            return await self.only_app(account.id)
        app = await self.app_of(app_id)
        if app.account_id != account.id:
            raise NotFound.of("app", app_id)
        return app

    async def set_report_shape(
        self, account_id: str | None, app_id: str | None, shape: ReportShape
    ) -> App:
        """Set where an app of an account reads its reports; servers follow within seconds.
        Raises `NotFound`, and `Malformed` if several come into question."""
        chosen = await self.chosen_app(account_id, app_id)
        async with self._db.write() as tx:
            app = await apps.find_app(tx, chosen.id)
            if app is None:
                raise NotFound.of("app", chosen.id)
            changed = replace(app, report_shape=shape)
            await apps.save_app(tx, changed)
        return changed

    async def first_app_id(self) -> str:
        """The oldest app of the oldest account. Raises `NotFound` when there is none."""
        async with self._db.read() as tx:
            for account in await apps.list_accounts(tx):
                page = await apps.list_apps(
                    tx, account.id, search=None, offset=0, limit=1, is_descending=False
                )
                if page.items:
                    return page.items[0].id
        raise NotFound("There is no app yet", code="app_not_found")

    async def _found(
        self,
        tx: AsyncConnection,
        name: str,
        account_id: str | None,
        app_id: str | None,
        secret: str | None,
        *,
        for_whole_account: bool,
    ) -> FirstAccount:
        account = await self._account(tx, account_id)
        app = App(
            account_id=account.id, id=app_id or self._new_id(), name=name, created_at=self._clock()
        )
        if await apps.find_app(tx, app.id) is not None:
            raise Refused(f"There is an app with id {app.id} already", code="app_exists")
        await apps.save_app(tx, app)
        api_token = secret or API_TOKEN_PREFIX + secrets.token_urlsafe(32)
        if len(api_token) < _SHORTEST_SECRET:
            raise Malformed(
                f"A chosen token must have at least {_SHORTEST_SECRET} characters",
                code="weak_token",
            )
        if await apps.find_token_by_hash(tx, hash_token(api_token)) is not None:
            raise Refused("This token is in use already", code="token_exists")
        await apps.save_token(
            tx,
            ApiToken(
                id=self._new_id(),
                account_id=account.id,
                app_id=None if for_whole_account else app.id,
                name=f"admin of {account.name if for_whole_account else name}",
                role=Role.ADMIN,
                hash=hash_token(api_token),
                created_at=self._clock(),
            ),
        )
        return FirstAccount(account_id=account.id, app_id=app.id, api_token=api_token)

    async def _account(self, tx: AsyncConnection, account_id: str | None) -> Account:
        if account_id is None and await apps.list_accounts(tx):
            return await _chosen_account(tx, None)
        if account_id is not None:
            known = await apps.find_account(tx, account_id)
            if known is not None:
                return known
        account = Account(
            id=account_id or self._new_id().replace("-", ""),
            name="First account" if account_id is None else account_id,
            created_at=self._clock(),
        )
        await apps.save_account(tx, account)
        return account


async def _chosen_account(tx: AsyncConnection, account_id: str | None) -> Account:
    if account_id is not None:
        known = await apps.find_account(tx, account_id)
        if known is None:
            raise NotFound(f"There is no account {account_id}", code="account_not_found")
        return known
    accounts = await apps.list_accounts(tx)
    if not accounts:
        raise NotFound("There is no account yet", code="account_not_found")
    if len(accounts) > 1:
        ids = ", ".join(account.id for account in accounts)
        raise Malformed(f"There are several accounts, name one of {ids}", code="account_ambiguous")
    return accounts[0]
