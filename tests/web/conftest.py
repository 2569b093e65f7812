"""A small house to knock at: the REST side over a real database, with a clock of its own."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import Role
from aftercall.service.recording.recorder import Recorder
from aftercall.service.services import Services, build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database
from aftercall.web.routes import create_web_app

NOON = EpochMs(1_795_262_400_000)
"""2026-11-21T12:00:00Z."""


def new_id() -> str:
    return str(uuid4())


@dataclass
class HandClock:
    """A clock that moves when told."""

    now: EpochMs = NOON

    def __call__(self) -> EpochMs:
        return self.now

    def move(self, ms: int) -> None:
        self.now = EpochMs(self.now + ms)


@dataclass(kw_only=True)
class Caller:
    """One who holds an API token of an app, and asks over HTTP."""

    client: httpx.AsyncClient
    account_id: str
    app_id: str
    token: str

    @property
    def kit(self) -> str:
        return f"/client/v4/accounts/{self.account_id}/realtime/kit"

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """`path` is below the app."""
        return await self.ask_at(method, f"{self.kit}/{self.app_id}{path}", **request)

    async def ask_at(self, method: str, url: str, **request: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} | request.pop("headers", {})
        return await self.client.request(method, url, headers=headers, **request)


@dataclass(kw_only=True)
class House:
    """The services, and the REST side that answers with them."""

    services: Services
    recorder: Recorder
    clock: HandClock
    client: httpx.AsyncClient
    callers: list[Caller] = field(default_factory=list)

    async def caller(
        self, *, role: Role = Role.ADMIN, of: Caller | None = None, is_of_account: bool = False
    ) -> Caller:
        """One with an account and an app of his own, or with another token of `of`'s."""
        if of is None:
            founded = await self.services.setup.create_first_app(
                "Some app", account_id=new_id().replace("-", "")
            )
            account_id, app_id = founded.account_id, founded.app_id
        else:
            account_id, app_id = of.account_id, of.app_id
        _, token = await self.services.access.create_token(
            account_id, name="test", app_id=None if is_of_account else app_id, role=role
        )
        return Caller(client=self.client, account_id=account_id, app_id=app_id, token=token)


Build = Callable[..., House]


@pytest.fixture
async def build(db: Database) -> AsyncIterator[Build]:
    """Builds a house with the handlers and the settings given."""
    clients: list[httpx.AsyncClient] = []

    def build_house(*extra: Any, **settings: Any) -> House:
        clock = HandClock()
        services = build_services(
            db,
            settings=replace(Settings(), **settings),
            clock=clock,
            new_id=new_id,
            policy=Policy(),
            seconds=lambda: clock.now / SECOND_MS,
        )
        app: Any = create_web_app(services, *extra)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://aftercall.test"
        )
        clients.append(client)
        return House(services=services, recorder=services.recorder, clock=clock, client=client)

    yield build_house
    for client in clients:
        await client.aclose()


@pytest.fixture
def house(build: Build) -> House:
    return build()
