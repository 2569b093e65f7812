"""Signing in to the dashboard: with an API token, or once with a link.

What the browser keeps is a secret of its own, stored here as a hash, so that neither a stolen
database nor a stolen page gives the API token away. The token that guards against forged
requests is a function of that secret.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from cachetools import TLRUCache

from aftercall.core.errors import Busy, NotFound, Refused, Unauthenticated
from aftercall.core.instants import HOUR_MS, MINUTE_MS, Clock, EpochMs
from aftercall.core.records import App, Role
from aftercall.service.accounts.tokens import GRANT_LIFE_MS, Access, Grant, hash_token, until
from aftercall.store import apps, sign_ins
from aftercall.store.engine.database import Database
from aftercall.store.sign_ins import SignIn, SignInLink

SIGN_IN_LIFE_MS: Final = 12 * HOUR_MS
LINK_LIFE_MS: Final = 15 * MINUTE_MS
FAILURES_PER_MINUTE: Final = 30
"""Failed sign-ins a minute over all callers that are answered as such; after more, callers must
wait. A guess has no chance anyway."""

RATE_LIMITED: Final = "rate_limited"
_KEPT: Final = 10_000
_MOST_APPS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session of the dashboard. `secret` is the cookie's value."""

    secret: str
    grant: Grant
    expires_at: EpochMs

    @property
    def csrf(self) -> str:
        """The token that a changing request must send beside the cookie."""
        return csrf_of(self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Myself:
    """The account and apps that a caller may see."""

    grant: Grant
    account_name: str
    apps: list[App]


def csrf_of(secret: str) -> str:
    """The CSRF token of a cookie's secret, from which the secret cannot be derived."""
    return hmac.digest(secret.encode("utf-8", "replace"), b"csrf", hashlib.sha256).hex()


class SignIns:
    """The use cases of signing in and out."""

    def __init__(self, *, db: Database, clock: Clock, access: Access) -> None:
        self._db = db
        self._clock = clock
        self._access = access
        self._known: TLRUCache[str, tuple[SignedIn, EpochMs]] = TLRUCache(
            _KEPT, ttu=until, timer=clock
        )
        self._minute = 0
        self._failures = 0

    async def sign_in_with_token(self, token: str) -> SignedIn:
        """Sign in with an API token. Raises `Unauthenticated` for an invalid one, `Busy` after too
        many of these."""
        try:
            grant = await self._access.authenticate(token)
        except Refused as error:
            raise self._failure(error) from error
        return await self._sign_in(grant, grant.token_id)

    async def sign_in_with_link(self, code: str) -> SignedIn:
        """Raises `Refused` for a link that is unknown, used or too old, `Busy` after too many
        of these."""
        now = self._clock()
        async with self._db.write() as tx:
            link = await sign_ins.take_link(tx, hash_token(code))
        if link is None or link.expires_at <= now:
            raise self._failure(
                Unauthenticated(
                    "This link was used already or is too old; `aftercall link` makes another",
                    code="link_invalid",
                )
            )
        grant = Grant(
            account_id=link.account_id,
            app_id=link.app_id,
            role=link.role,
            token_id=link.token_id or "link",
        )
        return await self._sign_in(grant, link.token_id)

    async def make_link(
        self,
        account_id: str,
        *,
        app_id: str | None = None,
        role: Role = Role.ADMIN,
        token_id: str | None = None,
    ) -> str:
        """Create the code of a link that signs in once; the code is not stored. Raises `NotFound`
        for an app that is not one of the account's."""
        code = secrets.token_urlsafe(32)
        now = self._clock()
        if app_id is not None:
            async with self._db.read() as tx:
                app = await apps.find_app(tx, app_id)
            if app is None or app.account_id != account_id:
                raise NotFound.of("app", app_id)
        link = SignInLink(
            id=hash_token(code),
            account_id=account_id,
            app_id=app_id,
            role=role,
            token_id=token_id,
            expires_at=EpochMs(now + LINK_LIFE_MS),
        )
        async with self._db.write() as tx:
            await sign_ins.add_link(tx, link, now)
        return code

    async def find(self, secret: str) -> SignedIn:
        """Who holds the cookie. Raises `Refused` when nobody does any more: signed out, too
        long ago, or the API token was revoked (other processes notice within seconds)."""
        id = hash_token(secret)
        now = self._clock()
        known = self._known.get(id)
        if known is not None:
            return known[0]
        async with self._db.read() as tx:
            found = await sign_ins.find_sign_in(tx, id)
            token = None
            if found is not None and found.token_id is not None:
                token = await sign_ins.find_token(tx, found.token_id)
        is_revoked = (
            found is not None
            and found.token_id is not None
            and (token is None or token.revoked_at is not None)
        )
        if found is None or found.expires_at <= now or is_revoked:
            raise Unauthenticated("Sign in again", code="sign_in_expired")
        grant = Grant(
            account_id=found.account_id,
            app_id=found.app_id,
            role=found.role,
            token_id=found.token_id or f"sign-in {id[:16]}",
        )
        signed_in = SignedIn(secret=secret, grant=grant, expires_at=found.expires_at)
        self._known[id] = signed_in, min(EpochMs(now + GRANT_LIFE_MS), found.expires_at)
        return signed_in

    async def sign_out(self, secret: str) -> None:
        """Sign out; nothing happens when that was done before."""
        id = hash_token(secret)
        self._known.pop(id, None)
        async with self._db.write() as tx:
            await sign_ins.delete_sign_in(tx, id)

    def forget(self) -> None:
        """Drop the cached sign-ins, as a token was revoked."""
        self._known.clear()

    async def myself(self, grant: Grant) -> Myself:
        """The account and the apps a grant covers."""
        page = await self._access.list_apps(
            grant, search=None, offset=0, limit=_MOST_APPS, is_descending=False
        )
        async with self._db.read() as tx:
            account = await apps.find_account(tx, grant.account_id)
        return Myself(
            grant=grant, account_name=account.name if account is not None else "", apps=page.items
        )

    async def _sign_in(self, grant: Grant, token_id: str | None) -> SignedIn:
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        sign_in = SignIn(
            id=hash_token(secret),
            account_id=grant.account_id,
            app_id=grant.app_id,
            role=grant.role,
            token_id=token_id,
            created_at=now,
            expires_at=EpochMs(now + SIGN_IN_LIFE_MS),
        )
        async with self._db.write() as tx:
            await sign_ins.add_sign_in(tx, sign_in, now)
        return SignedIn(secret=secret, grant=grant, expires_at=sign_in.expires_at)

    def _failure(self, error: Refused) -> Refused | Busy:
        """The error for a failed sign-in. A valid token is accepted however many fail: otherwise
        anybody could lock out everybody."""
        minute = self._clock() // MINUTE_MS
        if minute != self._minute:
            self._minute, self._failures = minute, 0
        self._failures += 1
        if self._failures <= FAILURES_PER_MINUTE:
            return error
        return Busy("Too many failed; try again in a minute", code=RATE_LIMITED, retry_after_s=60)
