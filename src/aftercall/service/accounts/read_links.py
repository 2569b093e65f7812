"""Links with which anybody may read one session, for a time.

A link's code is an authority of its own: no endpoint takes it for an API token, and those that
take it serve its session alone. Its hash is stored, and looked up at every request, so that a
revocation holds from the next request on.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from aftercall.core.errors import Malformed, NotFound, Refused, Unauthenticated
from aftercall.core.ids import NewId
from aftercall.core.instants import DAY_MS, MINUTE_MS, SECOND_MS, Clock, EpochMs
from aftercall.core.records import App
from aftercall.service.accounts.tokens import hash_token
from aftercall.service.audit import CLI, Act, Actor, record_act
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import apps, read_links
from aftercall.store.engine.database import Database
from aftercall.store.read_links import ReadLink as ReadLink

CODE_PREFIX: Final = "rl_"
SHORTEST_LIFE_S: Final = 5 * MINUTE_MS // SECOND_MS
LONGEST_LIFE_S: Final = 90 * DAY_MS // SECOND_MS
DEFAULT_LIFE_S: Final = 7 * DAY_MS // SECOND_MS

_OVER: Final = "This link is over, or there never was such a link"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """A link that may be read with, and the app of its session."""

    link: ReadLink
    app: App

    @property
    def actor(self) -> Actor:
        """Whoever reads with it, for the audit log."""
        return Actor(f"read link {self.link.id}")


class ReadLinks:
    """The use cases of read links."""

    def __init__(
        self, *, db: Database, clock: Clock, new_id: NewId, retention: RetentionRule
    ) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._retention = retention

    async def create(
        self,
        account_id: str,
        app_id: str,
        session_id: str,
        *,
        life_s: int = DEFAULT_LIFE_S,
        with_talk: bool = False,
        actor: Actor = CLI,
    ) -> tuple[ReadLink, str]:
        """A new link and its code, which is not stored. Raises `NotFound` for an unknown session,
        `Malformed` for a life that is too short or too long."""
        if not SHORTEST_LIFE_S <= life_s <= LONGEST_LIFE_S:
            raise Malformed("A read link lives from 5 minutes to 90 days", code="bad_life")
        code = CODE_PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        link = ReadLink(
            app_id=app_id,
            id=self._new_id(),
            session_id=session_id,
            hash=hash_token(code),
            with_talk=with_talk,
            created_at=now,
            created_by=actor.id,
            expires_at=EpochMs(now + life_s * SECOND_MS),
        )
        async with self._db.write() as tx:
            await self._retention.find_session(tx, app_id, session_id)
            await read_links.add(tx, link, now)
            await record_act(
                tx, actor, Act.CREATE_READ_LINK, account_id, app_id, _object(link), now
            )
        return link, code

    async def open(self, code: str) -> OpenedLink:
        """Begin to read with a link, which is counted and written into the audit log. Raises
        `Unauthenticated` for one that is unknown, expired or revoked, or whose session is gone."""
        opened = await self.find(code)
        now = self._clock()
        link = opened.link
        async with self._db.write() as tx:
            await read_links.note_opened(tx, link.app_id, link.id, now)
            await record_act(
                tx,
                opened.actor,
                Act.OPEN_READ_LINK,
                opened.app.account_id,
                link.app_id,
                link.session_id,
                now,
            )
        return opened

    async def find(self, code: str) -> OpenedLink:
        """The link with a code. Raises `Unauthenticated` as `open` does."""
        async with self._db.read() as tx:
            link = await read_links.find_by_hash(tx, hash_token(code))
            if link is None or link.revoked_at is not None or link.expires_at <= self._clock():
                raise Unauthenticated(_OVER, code="read_link_over")
            app = await apps.find_app(tx, link.app_id)
            try:
                await self._retention.find_session(tx, link.app_id, link.session_id)
            except NotFound:
                app = None
        if app is None:
            raise Unauthenticated(_OVER, code="read_link_over")
        return OpenedLink(link=link, app=app)

    async def list_links(
        self,
        app_id: str,
        *,
        session_id: str | None = None,
        before: tuple[EpochMs, str] | None = None,
        limit: int,
    ) -> list[ReadLink]:
        """The links of an app, or of one of its sessions, that have not expired, the latest
        first."""
        async with self._db.read() as tx:
            return await read_links.list_links(
                tx,
                app_id,
                session_id=session_id,
                now=self._clock(),
                before=before,
                limit=limit,
            )

    async def revoke(
        self, account_id: str, app_id: str, link_id: str, *, actor: Actor = CLI
    ) -> None:
        """End a link. Raises `NotFound` when there is none or it was revoked."""
        now = self._clock()
        async with self._db.write() as tx:
            session_id = await read_links.revoke(tx, app_id, link_id, now)
            if session_id is None:
                raise NotFound("No read link found with this id", code="read_link_not_found")
            await record_act(
                tx,
                actor,
                Act.REVOKE_READ_LINK,
                account_id,
                app_id,
                f"{session_id}/{link_id}",
                now,
            )


def check_reads(opened: OpenedLink, app_id: str, session_id: str | None) -> None:
    """Raises `Refused` unless the link is one to this session."""
    if (app_id, session_id) != (opened.link.app_id, opened.link.session_id):
        raise Refused("The link is one to another session", code="read_link_elsewhere")


def _object(link: ReadLink) -> str:
    return f"{link.session_id}/{link.id}"
