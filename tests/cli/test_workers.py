"""Supervised workers: real processes, which are killed, end by themselves or lose their parent."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import uvicorn
from structlog.testing import capture_logs

from aftercall.cli.workers import Supervisor

NO_APP = "tests.cli.no_such_module:app"
"""A worker of it ends with an exit code as soon as it has started."""


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """A supervisor with one worker that has just started."""
    handled = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        made = Supervisor(uvicorn.Config(NO_APP, workers=1), sockets=[listening])
        made.init_processes()
        yield made
        made.terminate_all()
        made.join_all()
    for number, handler in handled.items():
        signal.signal(number, handler)


def _kept_alive(supervisor: Supervisor) -> list[str]:
    """Why the workers ended that had to be replaced."""
    with capture_logs() as logs:
        supervisor.keep_subprocess_alive()
    return [entry["reason"] for entry in logs if entry.get("action") == "worker_ended"]


def test_a_killed_worker_is_replaced_and_the_signal_is_logged(
    supervisor: Supervisor,
) -> None:
    [worker] = supervisor.processes
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    assert _kept_alive(supervisor) == ["signal SIGKILL"]
    [other] = supervisor.processes
    assert other.pid != worker.pid


def test_an_exited_worker_is_logged_with_its_exit_code(
    supervisor: Supervisor,
) -> None:
    [worker] = supervisor.processes
    worker.join()
    assert _kept_alive(supervisor) == [f"exit code {worker.exitcode}"]


ORPHAN = """
import asyncio, os, signal, sys
from aftercall.cli.workers import end_with_parent

class Application:
    def close_streams(self):
        print("listeners let go", flush=True)

async def serve():
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(stopped.set))
    end_with_parent(Application())
    os.close(int(sys.argv[1]))
    await stopped.wait()
    print("stopped", flush=True)

asyncio.run(serve())
"""
PARENT = """
import os, subprocess, sys
read, write = os.pipe()
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(write)], pass_fds=[write])
os.close(write)
os.read(read, 1)
os._exit(1)
"""
"""Starts the worker, waits until it is supervised, and exits without stopping it."""


def test_a_worker_without_its_supervisor_closes_its_streams_and_stops() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PARENT, ORPHAN],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert [line for line in lines if "supervisor" not in line] == ["listeners let go", "stopped"]
