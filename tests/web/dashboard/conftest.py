"""A server with a recorded call, and a client of its dashboard."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.store.engine.database import Database
from tests.core.quality.synthetic_call import Call
from tests.stored_calls import lossy_call, store_call
from tests.web.rest_server import ApiClient, RestServer

HOSTILE = "<img src=x onerror=alert(1)>"


class DashboardClient:
    """A client of the dashboard's endpoints for one app."""

    def __init__(self, server: RestServer, caller: ApiClient) -> None:
        self.server = server
        self.caller = caller

    async def get(self, path: str, **request: Any) -> Any:
        """The data of an answer to a GET below the app. It must be a success."""
        url = f"/v1/apps/{self.caller.app_id}{path}"
        answer = await self.caller.request_url("GET", url, **request)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def refused(self, path: str) -> tuple[int, str, str | None]:
        """The status, the reason and the field of a refusal."""
        answer = await self.caller.request_url("GET", f"/v1/apps/{self.caller.app_id}{path}")
        error = answer.json()["error"]
        return answer.status_code, error["reason"], error.get("field")


OpenDashboard = Callable[..., Awaitable[DashboardClient]]


@pytest.fixture
def call() -> Call:
    return lossy_call()


@pytest.fixture
async def open_dashboard(server: RestServer, db: Database, call: Call) -> OpenDashboard:
    """Stores the call in a new app and returns a client of its dashboard. The call is folded unless
    it `is_live`."""

    async def store(*, is_live: bool = False, title: str = "Standup") -> DashboardClient:
        caller = await server.new_client()
        names = {"bob": HOSTILE}
        await store_call(db, call, caller.app_id, is_live=is_live, title=title, names=names)
        server.clock.now = EpochMs(call.end_at + (0 if is_live else MINUTE_MS))
        if not is_live:
            await server.services.finaliser.finalise(caller.app_id, "session")
        return DashboardClient(server, caller)

    return store
