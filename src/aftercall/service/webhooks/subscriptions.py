"""The webhooks of an app: created, changed, deleted, and their secrets."""

import base64
import secrets
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import InvalidBody, NotFound, Unavailable
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import DAY_MS, Clock, EpochMs
from aftercall.core.records import Job
from aftercall.core.webhooks import Webhook, WebhookEvent
from aftercall.service.audit import CLI, Act, Actor, record_act
from aftercall.service.encryption import Encryption, Undecryptable
from aftercall.service.webhooks.announcer import MOST_WEBHOOKS, Announcer
from aftercall.store import jobs, webhook_deliveries, webhooks
from aftercall.store.engine.database import Database

DELETE_WEBHOOK: Final = "delete_webhook"

SECRET_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
OLD_SECRET_MS: Final = DAY_MS
"""How long the secret before a new one signs beside it."""

_ROWS: Final = 500
"""Deliveries of a deleted webhook that are deleted in one transaction."""


class Subscription(NamedTuple):
    """What the owner of a webhook states."""

    name: str
    url: str
    events: Sequence[WebhookEvent]
    is_enabled: bool = True
    meeting_ids: Sequence[str] = ()


class Subscriptions:
    """The use cases of webhooks."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        encryption: Encryption,
        announcer: Announcer,
        check_url: Callable[[str], None],
    ) -> None:
        """`check_url` raises `InvalidBody` for an address that nothing may be posted to."""
        self._check_url = check_url
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._encryption = encryption
        self._announcer = announcer

    async def create(
        self, account_id: str, app_id: str, wanted: Subscription, *, actor: Actor = CLI
    ) -> Webhook:
        """Create a webhook with a secret of its own. Raises `InvalidBody` for one too many and
        for an address that nothing may be posted to, and `Malformed` where secrets cannot be
        stored."""
        self._check(wanted.url)
        now = self._clock()
        webhook = Webhook(
            app_id=app_id,
            id=self._new_id(),
            name=wanted.name,
            url=wanted.url,
            events=list(wanted.events),
            meeting_ids=list(wanted.meeting_ids),
            is_enabled=wanted.is_enabled,
            sealed_secret=self._encryption.encrypt(_new_secret()),
            created_at=now,
            updated_at=now,
        )
        async with self._db.write() as tx:
            if await webhooks.count_webhooks(tx, app_id) >= MOST_WEBHOOKS:
                raise InvalidBody(
                    f"An app has {MOST_WEBHOOKS} webhooks at the most", code="too_many_webhooks"
                )
            await webhooks.save_webhook(tx, webhook)
            await record_act(tx, actor, Act.ADD_WEBHOOK, account_id, app_id, webhook.id, now)
        self._announcer.forget(app_id)
        return webhook

    async def list_webhooks(self, app_id: str) -> list[Webhook]:
        async with self._db.read() as tx:
            return await webhooks.list_webhooks(tx, app_id, limit=MOST_WEBHOOKS)

    async def find(self, app_id: str, webhook_id: str) -> Webhook:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            return _existing(await webhooks.find_webhook(tx, app_id, webhook_id), webhook_id)

    async def replace(
        self, account_id: str, known: Webhook, wanted: Subscription, *, actor: Actor = CLI
    ) -> Webhook:
        """Replace what its owner states. One that is enabled again is posted to at once, whatever
        its receiver answered before. Raises `NotFound`, and `InvalidBody` for an address that
        nothing may be posted to."""
        if wanted.url != known.url:
            self._check(wanted.url)
        now = self._clock()
        async with self._db.write() as tx:
            webhook = await self._locked(tx, known.app_id, known.id)
            is_new_start = wanted.url != webhook.url or (
                wanted.is_enabled and not webhook.is_enabled
            )
            webhook = replace(
                webhook,
                name=wanted.name,
                url=wanted.url,
                events=list(wanted.events),
                meeting_ids=list(wanted.meeting_ids),
                is_enabled=wanted.is_enabled,
                updated_at=now,
                failures=0 if is_new_start else webhook.failures,
                paused_until=None if is_new_start else webhook.paused_until,
                unsubscribed_at=None if wanted.is_enabled else webhook.unsubscribed_at,
            )
            await webhooks.save_webhook(tx, webhook)
            await record_act(
                tx, actor, Act.CHANGE_WEBHOOK, account_id, known.app_id, webhook.id, now
            )
        self._announcer.forget(known.app_id)
        return webhook

    async def delete(
        self, account_id: str, app_id: str, webhook_id: str, *, actor: Actor = CLI
    ) -> Webhook:
        """Delete a webhook: nothing more is posted to it, and what it was owed goes. Raises
        `NotFound`."""
        now = self._clock()
        async with self._db.write() as tx:
            webhook = await self._locked(tx, app_id, webhook_id)
            await webhooks.delete_webhook(tx, app_id, webhook_id)
            await jobs.add(tx, [_deletion(app_id, webhook_id, now)])
            await record_act(tx, actor, Act.REMOVE_WEBHOOK, account_id, app_id, webhook_id, now)
        self._announcer.forget(app_id)
        return webhook

    async def delete_deliveries(self, app_id: str, webhook_id: str) -> None:
        """Delete what a deleted webhook was owed, a little at a time."""
        is_left = True
        while is_left:
            async with self._db.write() as tx:
                is_left = (
                    await webhook_deliveries.delete_of_webhook(tx, app_id, webhook_id, limit=_ROWS)
                    > 0
                )

    async def secret_of(self, app_id: str, webhook_id: str) -> str:
        """The secret that signs what is posted to a webhook. Raises `NotFound`, and `Unavailable`
        if it cannot be decrypted."""
        return self.secrets_of(await self.find(app_id, webhook_id))[0]

    async def renew_secret(
        self, account_id: str, app_id: str, webhook_id: str, *, actor: Actor = CLI
    ) -> str:
        """Make a new secret; returns it. The one before signs beside it for `OLD_SECRET_MS`.
        Raises `NotFound`."""
        secret, now = _new_secret(), self._clock()
        async with self._db.write() as tx:
            webhook = await self._locked(tx, app_id, webhook_id)
            webhook = replace(
                webhook,
                sealed_secret=self._encryption.encrypt(secret),
                sealed_old_secret=webhook.sealed_secret,
                old_secret_until=EpochMs(now + OLD_SECRET_MS),
            )
            await webhooks.save_webhook(tx, webhook)
            await record_act(tx, actor, Act.CHANGE_WEBHOOK, account_id, app_id, webhook_id, now)
        return secret

    def secrets_of(self, webhook: Webhook) -> list[str]:
        """The secrets that sign at present, the newest first. Raises `Unavailable`."""
        sealed = [webhook.sealed_secret]
        until = webhook.old_secret_until or 0
        if webhook.sealed_old_secret is not None and until > self._clock():
            sealed.append(webhook.sealed_old_secret)
        try:
            return [self._encryption.decrypt(each) for each in sealed]
        except Undecryptable:
            raise Unavailable(
                f"The secret of webhook {webhook.id} cannot be decrypted: it was stored with "
                "another AFTERCALL_SECRET_KEY. Renew it."
            ) from None

    def _check(self, url: str) -> None:
        try:
            self._check_url(url)
        except InvalidBody as error:
            raise InvalidBody(error.message, code=error.code, field="url") from error

    async def _locked(self, tx: AsyncConnection, app_id: str, webhook_id: str) -> Webhook:
        found = await webhooks.find_webhook(tx, app_id, webhook_id, is_locked=True)
        return _existing(found, webhook_id)


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _existing(webhook: Webhook | None, webhook_id: str) -> Webhook:
    if webhook is None:
        raise NotFound.of("webhook", webhook_id)
    return webhook


def _deletion(app_id: str, webhook_id: str, now: EpochMs) -> Job:
    return Job(
        id=id_from(app_id, DELETE_WEBHOOK, webhook_id),
        task=DELETE_WEBHOOK,
        lane=f"webhook:{app_id}:{webhook_id}",
        payload={"app_id": app_id, "webhook_id": webhook_id},
        created_at=now,
        due_at=now,
    )
