"""The process that plays a sample day ends with what started it, and its failure is a sentence."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aftercall.core.records import Job
from aftercall.work.sample_day import PROGRAM, SampleDayFailed, play_sample_day
from tests.web.rest_server import RestServer

PATIENCE_S = 30
NO_SERVER = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


async def _job(server: RestServer) -> Job:
    owner = await server.new_client(is_of_account=True)
    await server.services.sample_days.request(owner.account_id)
    (job,) = await server.services.jobs.claim(1)
    return job


async def _valid_tokens(server: RestServer, job: Job) -> list[str]:
    tokens = await server.services.access.list_tokens(job.payload["account_id"])
    return [
        token.id
        for token in tokens
        if token.app_id == job.payload["app_id"] and token.revoked_at is None
    ]


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _pid_in(file: Path) -> int:
    """The number that a program writes to the file, once it is there."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        if file.exists() and (text := file.read_text()):
            return int(text)
        time.sleep(0.02)
    raise AssertionError(f"{file} was not written")


async def test_what_the_program_prints_last_is_why_it_failed(server: RestServer) -> None:
    job = await _job(server)
    program = "import sys; print('Traceback', file=sys.stderr); sys.exit('the disk is full')"
    with pytest.raises(SampleDayFailed, match=r"^the disk is full$"):
        await play_sample_day(server.services.sample_days, NO_SERVER, job.payload, program=program)
    assert await _valid_tokens(server, job) == []


async def test_the_program_gets_its_token_where_no_list_of_processes_shows_it(
    server: RestServer, tmp_path: Path
) -> None:
    job = await _job(server)
    shown = tmp_path / "shown"
    program = (
        "import os, sys, pathlib; pathlib.Path(" + repr(str(shown)) + ").write_text("
        "pathlib.Path('/proc/self/cmdline').read_text() + '!' + os.environ['SIMULATE_TOKEN'])"
    )
    await play_sample_day(server.services.sample_days, NO_SERVER, job.payload, program=program)
    command, _, secret = shown.read_text().rpartition("!")
    assert job.payload["app_id"] in command
    assert len(secret) > 32
    assert secret not in command


async def test_a_stopped_job_ends_its_program_and_its_token(
    server: RestServer, tmp_path: Path
) -> None:
    job = await _job(server)
    begun = tmp_path / "pid"
    program = (
        "import os, pathlib, signal, threading; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(begun)!r}).write_text(str(os.getpid())); threading.Event().wait(600)"
    )
    playing = asyncio.create_task(
        play_sample_day(server.services.sample_days, NO_SERVER, job.payload, program=program)
    )
    pid = await asyncio.to_thread(_pid_in, begun)
    assert _is_running(pid)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    assert not _is_running(pid)
    assert await _valid_tokens(server, job) == []


def test_the_program_ends_when_the_server_was_killed() -> None:
    """Its parent here is a program that starts it as the server does, and is killed."""
    listening = "import socket; s = socket.create_server(('127.0.0.1', 0)); "
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            # A server that never answers: without its parent it would wait for half a minute.
            f"import os, subprocess, sys; {listening}"
            f"child = subprocess.Popen([sys.executable, '-c', {PROGRAM!r},"
            " f'http://127.0.0.1:{s.getsockname()[1]}', 'account', 'app', '1'],"
            " env={**os.environ, 'SIMULATE_TOKEN': 't'}, start_new_session=True,"
            " stderr=subprocess.DEVNULL);"
            "s.settimeout(60); s.accept(); print(child.pid, flush=True); child.wait()",
        ],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert _is_running(pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    give_up_at = time.monotonic() + PATIENCE_S / 2
    while _is_running(pid) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert not _is_running(pid)
