"""Accounts, apps, API tokens and participant tokens, and what their holders may do."""

import hashlib
import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any, Final

from cachetools import LRUCache, TLRUCache

from aftercall.core.errors import NotFound, Refused, Unauthenticated
from aftercall.core.events import Identity
from aftercall.core.ids import NewId
from aftercall.core.instants import MINUTE_MS, SECOND_MS, Clock, EpochMs
from aftercall.core.list_queries import Page
from aftercall.core.presets import view_type_of
from aftercall.core.records import ApiToken, App, MeetingStatus, Member, Role, ViewType
from aftercall.service.audit import CLI, Act, Actor, record_act
from aftercall.service.recording.admission import is_valid
from aftercall.service.recording.delivery import Credentials
from aftercall.settings import Settings
from aftercall.store import apps, meetings, presets
from aftercall.store.engine.database import Database

API_TOKEN_PREFIX: Final = "ac_"
GRANT_LIFE_MS: Final = 5 * SECOND_MS
"""How long a token is cached: another process notices its revocation at most this late."""

_GRANTS_KEPT: Final = 10_000
_TOKENS_KEPT: Final = 16_384
_TOUCH_EVERY_MS: Final = 10 * MINUTE_MS
_SHORTEST_SECRET: Final = 32
_KEY_NAME: Final = "participant_token"
_ALGORITHM: Final = "HS256"
_CLAIMS: Final = ["exp", "iat", "orgId", "meetingId", "participantId", "gen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The rights of an API token: a role in one app, or in every app of the account."""

    account_id: str
    app_id: str | None
    role: Role
    token_id: str


_UNKNOWN: Final = EpochMs(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantGrant:
    """The rights of a participant token: to be this member in this meeting."""

    app_id: str
    meeting_id: str
    member_id: str
    identity: Identity
    generation: int
    expires_at: EpochMs
    issued_at: EpochMs = _UNKNOWN
    is_member: bool = True
    is_expired: bool = False
    meeting_title: str | None = None
    credentials: Credentials = field(init=False, compare=False)
    """The same, as part of every delivery."""

    def __post_init__(self) -> None:
        credentials = Credentials(
            meeting_id=self.meeting_id,
            member_id=self.member_id,
            identity=self.identity,
            generation=self.generation,
            issued_at=self.issued_at,
            is_member=self.is_member,
            is_expired=self.is_expired,
            meeting_title=self.meeting_title,
        )
        object.__setattr__(self, "credentials", credentials)


def until(_key: object, kept: tuple[Any, EpochMs], _now: float) -> float:
    """The expiry of a cached pair, which is its second member."""
    return kept[1]


def hash_token(secret: str) -> str:
    """The form in which an API token is stored: its SHA-256, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class Access:
    """The use cases of accounts and tokens."""

    def __init__(self, *, db: Database, clock: Clock, new_id: NewId, settings: Settings) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._settings = settings
        self._key: str | None = None
        self._grants: TLRUCache[str, tuple[Grant, EpochMs]] = TLRUCache(
            _GRANTS_KEPT, ttu=until, timer=clock
        )
        self._apps: TLRUCache[str, tuple[App, EpochMs]] = TLRUCache(
            _GRANTS_KEPT, ttu=until, timer=clock
        )
        self._verified: LRUCache[str, ParticipantGrant] = LRUCache(_TOKENS_KEPT)

    async def create_app(self, account_id: str, name: str) -> App:
        """A new app of an account. Raises `NotFound` for an unknown account."""
        app = App(account_id=account_id, id=self._new_id(), name=name, created_at=self._clock())
        async with self._db.write() as tx:
            if await apps.find_account(tx, account_id) is None:
                raise NotFound.of("account", account_id)
            await apps.save_app(tx, app)
        return app

    async def list_apps(
        self, grant: Grant, *, search: str | None, offset: int, limit: int, is_descending: bool
    ) -> Page[App]:
        """The apps the grant covers: those of the account, or the one it was made for."""
        async with self._db.read() as tx:
            if grant.app_id is not None:
                app = await apps.find_app(tx, grant.app_id)
                is_found = app is not None and (search or "").lower() in app.name.lower()
                items = [app] if app is not None and is_found and not offset else []
                return Page(items=items, offset=offset, total=int(is_found))
            return await apps.list_apps(
                tx,
                grant.account_id,
                search=search,
                offset=offset,
                limit=limit,
                is_descending=is_descending,
            )

    async def create_token(
        self,
        account_id: str,
        *,
        name: str,
        app_id: str | None = None,
        role: Role = Role.ADMIN,
        secret: str | None = None,
        actor: Actor = CLI,
    ) -> tuple[ApiToken, str]:
        """Create an API token; returns its record and the token itself, which is not stored.

        `secret` is a token chosen by the caller, of at least 32 characters.
        """
        if secret is not None and len(secret) < _SHORTEST_SECRET:
            raise Refused(
                f"A chosen token must have at least {_SHORTEST_SECRET} characters",
                code="weak_token",
            )
        api_token = secret or API_TOKEN_PREFIX + secrets.token_urlsafe(32)
        token = ApiToken(
            id=self._new_id(),
            account_id=account_id,
            app_id=app_id,
            name=name,
            role=role,
            hash=hash_token(api_token),
            created_at=self._clock(),
        )
        async with self._db.write() as tx:
            if await apps.find_account(tx, account_id) is None:
                raise NotFound.of("account", account_id)
            app = await apps.find_app(tx, app_id) if app_id else None
            if app_id and (app is None or app.account_id != account_id):
                raise NotFound.of("app", app_id)
            await apps.save_token(tx, token)
            await record_act(
                tx, actor, Act.CREATE_TOKEN, account_id, app_id, token.id, token.created_at
            )
        return token, api_token

    async def list_tokens(self, account_id: str) -> list[ApiToken]:
        async with self._db.read() as tx:
            return await apps.list_tokens(tx, account_id)

    async def revoke_token(self, account_id: str, token_id: str, *, actor: Actor = CLI) -> bool:
        """Revoke a token; `False` when there is none or it was revoked. Other processes accept it
        for at most `GRANT_LIFE_MS` more."""
        async with self._db.write() as tx:
            now = self._clock()
            was_revoked = await apps.revoke_token(tx, account_id, token_id, now)
            if was_revoked:
                app_id = await apps.app_of_token(tx, token_id)
                await record_act(tx, actor, Act.REVOKE_TOKEN, account_id, app_id, token_id, now)
        self._grants.clear()
        return was_revoked

    async def authenticate(self, secret: str | None) -> Grant:
        """The rights of the holder of `secret`. Raises `Unauthenticated` when it is no valid
        token."""
        if not secret:
            raise Unauthenticated("Authentication is needed", code="token_missing")
        hashed = hash_token(secret)
        now = self._clock()
        known = self._grants.get(hashed)
        if known is not None:
            return known[0]
        async with self._db.read() as tx:
            token = await apps.find_token_by_hash(tx, hashed)
        if token is None or token.revoked_at is not None or not compare_digest(token.hash, hashed):
            self._grants.pop(hashed, None)
            raise Unauthenticated("Authentication error", code="token_invalid")
        if token.last_used_at is None or now - token.last_used_at >= _TOUCH_EVERY_MS:
            async with self._db.write() as tx:
                await apps.touch_token(tx, token.id, now)
        grant = Grant(
            account_id=token.account_id, app_id=token.app_id, role=token.role, token_id=token.id
        )
        self._grants[hashed] = grant, EpochMs(now + GRANT_LIFE_MS)
        return grant

    def check_account(self, grant: Grant, account_id: str, *, needs: Role) -> None:
        """Raises `Refused` unless the grant is one of this account and of that role."""
        if grant.account_id != account_id:
            raise Refused("The token is not one of this account", code="foreign_account")
        _check_role(grant, needs)

    async def app_for(self, grant: Grant, app_id: str, *, needs: Role) -> App:
        """The app, when the grant covers it.

        Raises `Refused` for a token of another app or too low a role, and `NotFound` when the
        account has no such app, whoever else may have one.
        """
        if grant.app_id is not None and grant.app_id != app_id:
            raise Refused("The token is not one of this app", code="foreign_app")
        _check_role(grant, needs)
        known = self._apps.get(app_id)
        app = known[0] if known is not None else None
        if app is None:
            async with self._db.read() as tx:
                app = await apps.find_app(tx, app_id)
            if app is not None:
                self._apps[app_id] = app, EpochMs(self._clock() + GRANT_LIFE_MS)
        if app is None or app.account_id != grant.account_id:
            raise NotFound.of("app", app_id)
        return app

    def forget_app(self, app_id: str) -> None:
        """Read an app again: it was deleted or changed. Other processes do so at most
        `GRANT_LIFE_MS` later."""
        self._apps.pop(app_id, None)
        self._grants.clear()

    async def account_of(self, app_id: str) -> str:
        """The account of an app; empty if there is no such app."""
        known = self._apps.get(app_id)
        if known is not None:
            return known[0].account_id
        async with self._db.read() as tx:
            app = await apps.find_app(tx, app_id)
        if app is None:
            return ""
        self._apps[app_id] = app, EpochMs(self._clock() + GRANT_LIFE_MS)
        return app.account_id

    async def issue_participant_token(self, member: Member) -> tuple[str, EpochMs]:
        """Create a token with which a client joins sessions of the member's meeting; returns it and
        its expiry.

        It is a JWT whose claims RealtimeKit's web client can read. It holds the whole identity, so
        that a join does not read the member.
        """
        async with self._db.read() as tx:
            preset = await presets.find_preset_of_name(tx, member.app_id, member.preset_name)
        issued_s = self._clock() // SECOND_MS
        expires_s = issued_s + self._settings.token_life_s
        claims: dict[str, Any] = {
            "orgId": member.app_id,
            "meetingId": member.meeting_id,
            "participantId": member.id,
            "customId": member.custom_participant_id,
            "name": member.name,
            "picture": member.picture,
            "preset": member.preset_name,
            "viewType": (preset.view_type if preset else view_type_of(member.preset_name)).value,
            "gen": member.token_generation,
            "iat": issued_s,
            "exp": expires_s,
        }
        import jwt  # noqa: PLC0415 - it imports cryptography

        token = jwt.encode(claims, await self._signing_key(), algorithm=_ALGORITHM)
        return token, EpochMs(expires_s * SECOND_MS)

    async def verify_participant_token(self, token: str) -> ParticipantGrant:
        """The rights of the holder of a participant token.

        Raises `Unauthenticated` (`token_expired`, `token_invalid`) when it is not valid.
        Each delivery is checked for revocation (`service.recording.admission`), as is
        `admit_participant`.
        """
        grant = self._verified.get(token)
        if grant is None:
            grant = _read_claims(token, await self._signing_key())
            if grant.expires_at > self._clock():
                self._verified[token] = grant
        if grant.expires_at <= self._clock():
            self._verified.pop(token, None)
            raise Unauthenticated("The participant token has expired", code="token_expired")
        return grant

    def has_verified(self, token: str) -> bool:
        """Whether a token was verified before, and is one of ours."""
        return token in self._verified

    async def admit_participant(self, token: str) -> ParticipantGrant:
        """As `verify_participant_token`, for a token that was not revoked, and a meeting that can
        be joined. Raises `Refused` (`token_revoked`, `meeting_inactive`) besides."""
        grant = await self.verify_participant_token(token)
        async with self._db.read() as tx:
            meeting = await meetings.find_meeting(tx, grant.app_id, grant.meeting_id)
            member = await meetings.find_member(tx, grant.app_id, grant.meeting_id, grant.member_id)
        if not is_valid(member, grant.generation):
            raise Refused("This participant token has been revoked.", code="token_revoked")
        if meeting is None or meeting.status is MeetingStatus.INACTIVE:
            raise Refused("The meeting is inactive: nobody can join it.", code="meeting_inactive")
        return grant

    async def _signing_key(self) -> str:
        if self._key is None:
            async with self._db.write() as tx:
                self._key = await apps.find_or_save_key(tx, _KEY_NAME, secrets.token_urlsafe(48))
        return self._key


def _check_role(grant: Grant, needs: Role) -> None:
    if needs is Role.ADMIN and grant.role is not Role.ADMIN:
        raise Refused("The token may only read", code="read_only_token")


def _read_claims(token: str, key: str) -> ParticipantGrant:
    """Expiry is left to the caller, who has the clock."""
    # Imported for the first participant: it brings cryptography, which is not used for HS256.
    import jwt  # noqa: PLC0415 - it imports cryptography

    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            options={
                "require": _CLAIMS,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.InvalidTokenError, UnicodeError) as error:
        raise Unauthenticated("The participant token is not valid", code="token_invalid") from error
    return ParticipantGrant(
        app_id=claims["orgId"],
        meeting_id=claims["meetingId"],
        member_id=claims["participantId"],
        identity=Identity(
            user_id=claims["participantId"],
            custom_participant_id=claims.get("customId"),
            display_name=claims.get("name"),
            picture=claims.get("picture"),
            preset_name=claims.get("preset"),
            view_type=_view_type(claims),
        ),
        generation=claims["gen"],
        issued_at=EpochMs(claims["iat"] * SECOND_MS),
        expires_at=EpochMs(claims["exp"] * SECOND_MS),
    )


def _view_type(claims: dict[str, Any]) -> ViewType:
    """The preset's. Tokens of an older release have its name alone."""
    stated = claims.get("viewType")
    return ViewType(stated) if stated else view_type_of(claims.get("preset") or "")
