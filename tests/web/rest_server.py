"""The REST side over a real database, with a clock that a test moves, and its clients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from aftercall.core.records import Role
from aftercall.service.recording.recorder import Recorder
from aftercall.service.services import Services
from tests.manual_clock import ManualClock


def new_id() -> str:
    return str(uuid4())


@dataclass(kw_only=True)
class ApiClient:
    """A client with an API token, which sends requests to one app."""

    client: httpx.AsyncClient
    account_id: str
    app_id: str
    token: str

    @property
    def kit(self) -> str:
        return f"/client/v4/accounts/{self.account_id}/realtime/kit"

    async def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request to a path below the app."""
        return await self.request_url(method, f"{self.kit}/{self.app_id}{path}", **request)

    async def request_url(self, method: str, url: str, **request: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} | request.pop("headers", {})
        return await self.client.request(method, url, headers=headers, **request)


@dataclass(kw_only=True)
class RestServer:
    """The services, the REST application that uses them, and a client without credentials."""

    services: Services
    recorder: Recorder
    clock: ManualClock
    client: httpx.AsyncClient

    async def new_client(
        self, *, role: Role = Role.ADMIN, of: ApiClient | None = None, is_of_account: bool = False
    ) -> ApiClient:
        """A client with a new account and app, or with another token for those of `of`."""
        if of is None:
            created = await self.services.setup.create_first_app(
                "Some app", account_id=new_id().replace("-", "")
            )
            account_id, app_id = created.account_id, created.app_id
        else:
            account_id, app_id = of.account_id, of.app_id
        _, token = await self.services.access.create_token(
            account_id, name="test", app_id=None if is_of_account else app_id, role=role
        )
        return ApiClient(client=self.client, account_id=account_id, app_id=app_id, token=token)


BuildServer = Callable[..., RestServer]
