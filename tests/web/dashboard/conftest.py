"""A house in which a call was held, and one who looks at it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.store.engine.database import Database
from tests.core.quality.cast import Call
from tests.service.folded_call import keep_call, lossy_call
from tests.web.conftest import Caller, House

HOSTILE = "<img src=x onerror=alert(1)>"


class Looker:
    """One who asks the dashboard's endpoints about his app."""

    def __init__(self, house: House, caller: Caller) -> None:
        self.house = house
        self.caller = caller

    async def get(self, path: str, **request: Any) -> Any:
        """The data of an answer to a GET below the app. It must be a success."""
        url = f"/v1/apps/{self.caller.app_id}{path}"
        answer = await self.caller.ask_at("GET", url, **request)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def refused(self, path: str) -> tuple[int, str, str | None]:
        """The status, the reason and the field of a refusal."""
        answer = await self.caller.ask_at("GET", f"/v1/apps/{self.caller.app_id}{path}")
        error = answer.json()["error"]
        return answer.status_code, error["reason"], error.get("field")


Look = Callable[..., Awaitable[Looker]]


@pytest.fixture
def call() -> Call:
    return lossy_call()


@pytest.fixture
async def look(house: House, db: Database, call: Call) -> Look:
    """Holds the call in a new app; one who may see it. Unless it `is_live` it is folded."""

    async def hold(*, is_live: bool = False, title: str = "Standup") -> Looker:
        caller = await house.caller()
        names = {"bob": HOSTILE}
        await keep_call(db, call, caller.app_id, is_live=is_live, title=title, names=names)
        house.clock.now = EpochMs(call.end_at + (0 if is_live else MINUTE_MS))
        if not is_live:
            await house.services.finaliser.finalise(caller.app_id, "session")
        return Looker(house, caller)

    return hold
