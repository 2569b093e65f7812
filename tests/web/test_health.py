from typing import Any

from aftercall.service.services import Services

RestServer = Any


async def test_a_running_process_is_up(server: RestServer) -> None:
    answer = await server.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"state": "up"})


async def test_a_process_with_a_migrated_database_is_ready(server: RestServer) -> None:
    answer = await server.client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"state": "ready"})


async def test_a_process_without_its_database_is_not_ready(server: RestServer) -> None:
    async def unreachable() -> bool:
        raise ConnectionRefusedError("refused")

    object.__setattr__(server.services, "is_ready", unreachable)
    answer = await server.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["state"] == "unready"


async def test_a_process_with_an_old_schema_is_not_ready(server: RestServer) -> None:
    async def outdated() -> bool:
        return False

    object.__setattr__(server.services, "is_ready", outdated)
    answer = await server.client.get("/readyz")
    assert answer.status_code == 503
    assert "aftercall migrate" in answer.json()["reason"]


async def test_requests_are_counted_by_route_and_never_by_path(server: RestServer) -> None:
    caller = await server.new_client()
    await caller.request("GET", "/meetings/some-meeting")
    await server.client.get("/some/address")
    await server.client.request("BREW", "/healthz")
    answer = await server.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "some-meeting" not in answer.text
    assert "some/address" not in answer.text
    assert "BREW" not in answer.text
    services: Services = server.services
    route = "/client/v4/accounts/{account_id}/realtime/kit/{app_id}/meetings/{meeting_id}"
    counted = services.metrics.get_sample_value(
        "aftercall_http_requests_total", {"method": "GET", "route": route, "status": "404"}
    )
    assert counted == 1
