"""The sample day: an app of its own with two weeks of simulated calls, to look around in.

A job plays it (`work.sample_day`), so that any process may begin it, another goes on after a crash,
and every process knows how far it is.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import Clock
from aftercall.core.list_queries import SessionQuery
from aftercall.core.records import App, Job
from aftercall.service.accounts.tokens import Access
from aftercall.service.audit import Actor
from aftercall.store import apps, jobs
from aftercall.store.engine.database import Database
from aftercall.store.sessions.pages import list_sessions

PLAY_SAMPLE_DAY: Final = "play_sample_day"
NAME: Final = "Sample day"
CALLS: Final = 87
"""How many calls the simulator plans for the day and the two weeks before it."""

_SEEDS: Final = 1_000_000
_MOST_APPS: Final = 100

State = Literal["none", "running", "failed", "done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDay:
    """How far an account's sample day is. `problem` says why the last attempt failed; while the
    state is `running` another one follows by itself."""

    state: State
    app_id: str | None = None
    calls_played: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayOrder:
    """What the simulator needs to play: the app, a token for it, and the seed of its calls."""

    account_id: str
    app_id: str
    seed: int
    token_id: str
    secret: str


class SampleDays:
    """The use cases of the sample day."""

    def __init__(self, *, db: Database, clock: Clock, new_id: NewId, access: Access) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._access = access

    async def find(self, account_id: str) -> SampleDay:
        """How far the account's sample day is."""
        async with self._db.read() as tx:
            app = await _find_app(tx, account_id)
            job = await jobs.find_job(tx, _job_id(account_id))
            if app is None:
                return SampleDay(state="none")
            page = await list_sessions(tx, SessionQuery(app_id=app.id, is_live=False, limit=1))
        state: State = "done" if job is None else "running" if job.dead_at is None else "failed"
        problem = None if job is None else job.last_error
        return SampleDay(state=state, app_id=app.id, calls_played=page.total, problem=problem)

    async def request(self, account_id: str) -> SampleDay:
        """Create the app and have the day played into it. Raises `Malformed` while there is one
        already."""
        now = self._clock()
        app = App(account_id=account_id, id=self._new_id(), name=NAME, created_at=now)
        job = Job(
            id=_job_id(account_id),
            task=PLAY_SAMPLE_DAY,
            lane=f"sample_day:{account_id}",
            payload={"account_id": account_id, "app_id": app.id},
            created_at=now,
            due_at=now,
        )
        async with self._db.write() as tx:
            if await apps.find_account(tx, account_id) is None:
                raise NotFound.of("account", account_id)
            earlier = await jobs.find_job(tx, job.id)
            if earlier is not None and earlier.dead_at is None:
                raise _running()
            if await _find_app(tx, account_id) is not None:
                raise Malformed(
                    f"There is a {NAME} already: delete that app to load another",
                    code="sample_day_exists",
                )
            if earlier is not None:
                await jobs.drop(tx, earlier.id)
            if not await jobs.add(tx, [job]):
                raise _running()
            await apps.save_app(tx, app)
        return SampleDay(state="running", app_id=app.id)

    async def begin(self, payload: Any) -> PlayOrder | None:
        """The rights to play, which `end` takes back; `None` if the app was deleted."""
        account_id, app_id = payload["account_id"], payload["app_id"]
        await self._revoke_tokens(account_id, app_id)
        try:
            token, secret = await self._access.create_token(
                account_id, name=NAME, app_id=app_id, actor=_ACTOR
            )
        except NotFound:
            return None
        return PlayOrder(
            account_id=account_id,
            app_id=app_id,
            seed=int(id_from(app_id, "seed")[:8], 16) % _SEEDS,
            token_id=token.id,
            secret=secret,
        )

    async def end(self, order: PlayOrder) -> None:
        await self._access.revoke_token(order.account_id, order.token_id, actor=_ACTOR)

    async def _revoke_tokens(self, account_id: str, app_id: str) -> None:
        """Those of attempts that were cut off."""
        for token in await self._access.list_tokens(account_id):
            if token.app_id == app_id and token.name == NAME and token.revoked_at is None:
                await self._access.revoke_token(account_id, token.id, actor=_ACTOR)


_ACTOR: Final = Actor("sample day")


def _running() -> Malformed:
    return Malformed(
        "A sample day is being loaded: wait until it is there", code="sample_day_running"
    )


def _job_id(account_id: str) -> str:
    return id_from(account_id, PLAY_SAMPLE_DAY)


async def _find_app(tx: AsyncConnection, account_id: str) -> App | None:
    """The latest app of the account with the name of the sample day."""
    page = await apps.list_apps(tx, account_id, search=NAME, limit=_MOST_APPS)
    return next((app for app in page.items if app.name == NAME), None)
