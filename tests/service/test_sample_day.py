"""The sample day as an account's only one: requested, refused, begun, ended, and asked for."""

from typing import Any

import pytest

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.instants import DAY_MS
from aftercall.core.job_retry import MOST_ATTEMPTS
from aftercall.service.audit import CLI
from aftercall.service.sample_day import CALLS, NAME, PLAY_SAMPLE_DAY
from aftercall.simulator import day

RestServer = Any


async def _fail(server: RestServer, times: int) -> None:
    """Let attempts to play fail one after the other, however long they wait for each other."""
    for attempt in range(times):
        (job,) = await server.services.jobs.claim(1)
        await server.services.jobs.fail(job, f"SampleDayFailed: attempt {attempt + 1}")
        server.clock.move(2 * DAY_MS)


def test_the_number_of_calls_is_the_one_that_the_simulator_plans() -> None:
    assert {len(day.plan(seed)) for seed in range(5)} == {CALLS}


async def test_a_sample_day_is_an_app_of_its_own_and_a_job(server: RestServer) -> None:
    owner = await server.new_client(is_of_account=True)
    days = server.services.sample_days
    assert (await days.find(owner.account_id)).state == "none"
    requested = await days.request(owner.account_id)
    assert (requested.state, requested.calls_played) == ("running", 0)
    apps = await server.services.setup.list_apps(owner.account_id)
    assert {app.name for app in apps if app.id == requested.app_id} == {NAME}
    (job,) = await server.services.jobs.list_waiting()
    assert (job.task, job.payload["app_id"]) == (PLAY_SAMPLE_DAY, requested.app_id)
    assert await days.find(owner.account_id) == requested


async def test_another_is_refused_while_one_is_loaded_and_once_it_is_there(
    server: RestServer,
) -> None:
    owner = await server.new_client(is_of_account=True)
    neighbour = await server.new_client(is_of_account=True)
    days, jobs = server.services.sample_days, server.services.jobs
    await days.request(owner.account_id)
    with pytest.raises(Malformed, match="wait until it is there"):
        await days.request(owner.account_id)
    assert len(await server.services.setup.list_apps(owner.account_id)) == 2
    assert (await days.request(neighbour.account_id)).state == "running"
    for job in await jobs.claim(10):
        await jobs.finish(job)
    assert (await days.find(owner.account_id)).state == "done"
    with pytest.raises(Malformed, match="delete that app"):
        await days.request(owner.account_id)
    found = await days.find(owner.account_id)
    await server.services.deletions.delete_app(owner.account_id, found.app_id, CLI)
    assert (await days.find(owner.account_id)).state == "none"
    assert (await days.request(owner.account_id)).state == "running"


async def test_an_unknown_account_gets_none(server: RestServer) -> None:
    with pytest.raises(NotFound):
        await server.services.sample_days.request("nobody")


async def test_the_token_of_an_attempt_ends_with_it_or_with_the_next_one(
    server: RestServer,
) -> None:
    owner = await server.new_client(is_of_account=True)
    days, access = server.services.sample_days, server.services.access
    await days.request(owner.account_id)
    (job,) = await server.services.jobs.claim(1)
    cut_off = await days.begin(job.payload)
    again = await days.begin(job.payload)
    assert cut_off is not None and again is not None
    assert (cut_off.app_id, cut_off.seed) == (again.app_id, again.seed)
    assert (await access.authenticate(again.secret)).app_id == again.app_id
    await days.end(again)
    valid = [
        token.name
        for token in await access.list_tokens(owner.account_id)
        if token.app_id == again.app_id and token.revoked_at is None
    ]
    assert valid == []


async def test_nothing_is_played_into_an_app_that_was_deleted(server: RestServer) -> None:
    owner = await server.new_client(is_of_account=True)
    days = server.services.sample_days
    requested = await days.request(owner.account_id)
    (job,) = await server.services.jobs.claim(1)
    await server.services.deletions.delete_app(owner.account_id, requested.app_id, CLI)
    assert await days.begin(job.payload) is None


async def test_a_failure_is_reported_and_the_last_one_is_final(server: RestServer) -> None:
    owner = await server.new_client(is_of_account=True)
    days = server.services.sample_days
    await days.request(owner.account_id)
    await _fail(server, 1)
    found = await days.find(owner.account_id)
    assert (found.state, found.problem) == ("running", "SampleDayFailed: attempt 1")
    await _fail(server, MOST_ATTEMPTS - 1)
    found = await days.find(owner.account_id)
    assert found.state == "failed"
    await server.services.deletions.delete_app(owner.account_id, found.app_id, CLI)
    assert (await days.request(owner.account_id)).state == "running"
