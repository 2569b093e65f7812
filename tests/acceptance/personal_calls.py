"""Calls of one person in a database, recorded without a server."""

from pathlib import Path
from typing import Any

import httpx

from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database
from tests.manual_clock import ManualClock
from tests.service.privacy.erasure_harness import run_jobs
from tests.service.privacy.personal_call import record_call
from tests.web.rest_server import ApiClient, RestServer, new_id

CALLS = 12


async def record_calls(database_url: str, data_dir: Path) -> dict[str, Any]:
    """Record calls of the person; returns the ids and the token of the app."""
    db = await Database.open(database_url)
    clock = ManualClock()
    services = build_services(
        db,
        settings=Settings(data_dir=data_dir, privacy="full"),
        clock=clock,
        new_id=new_id,
        policy=Policy(),
    )
    client = httpx.AsyncClient()
    server = RestServer(services=services, recorder=services.recorder, clock=clock, client=client)
    made = await services.setup.create_first_app("Acceptance")
    rights = {"account_id": made.account_id, "app_id": made.app_id}
    owner = ApiClient(client=client, token=made.api_token, **rights)
    for number in range(CALLS):
        await record_call(server, owner, session_id=f"call-{number}")
    await run_jobs(server)
    await client.aclose()
    await db.close()
    return {**rights, "api_token": made.api_token}
